/* The form of a poll shows what belongs to the kind that is chosen; without this, all of it with its hints. */
"use strict";
(function () {
  const parts = document.querySelectorAll("[data-kinds]");
  function draw() {
    const chosen = document.querySelector("input[name=kind]:checked");
    parts.forEach(function (part) { part.hidden = chosen !== null && !part.dataset.kinds.split(" ").includes(chosen.value); });
  }
  document.querySelectorAll("input[name=kind]").forEach(function (input) { input.addEventListener("change", draw); });
  draw();
})();
