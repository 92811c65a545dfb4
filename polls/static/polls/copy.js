/* Buttons that copy the text of an element: `data-copy` is its id, `data-copied` what the button says then. */
"use strict";
(function () {
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    if (!navigator.clipboard) return; // only where a page may: over https, or on this machine
    const label = button.querySelector(".kern-label") || button, text = label.textContent;
    button.hidden = false;
    button.addEventListener("click", function () {
      const from = document.getElementById(button.dataset.copy);
      navigator.clipboard.writeText((from.innerText || from.value || "").trim()).then(function () {
        label.textContent = button.dataset.copied;
        setTimeout(function () { label.textContent = text; }, 3000);
      });
    });
  });
})();
