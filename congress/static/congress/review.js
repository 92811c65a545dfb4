/* The check by keyboard, and who has a case open. Without it every key is a link or a button on the page.
   Single keys work only while no field has the focus, and can be switched off (WCAG 2.1.4). */
(() => {
  "use strict";
  const SWITCH = "check-keys";
  // What was pressed for the case before must not decide the one that has just opened.
  const MS_TO_SEE_THE_CASE = 500;
  const MS_BETWEEN_CLAIMS = 60_000;
  const MS_UNTIL_AWAY = 180_000;
  const script = document.currentScript;
  const started = performance.now();
  let seen = Date.now();

  const isOn = () => {
    try {
      return localStorage.getItem(SWITCH) !== "off";
    } catch {
      return true;
    }
  };

  const show = () => {
    const on = isOn();
    for (const hint of document.querySelectorAll('[data-keys="hint"]')) hint.hidden = !on;
    for (const legend of document.querySelectorAll('[data-keys="legend"]')) {
      legend.hidden = false;
      legend.classList.toggle("fk-keys--off", !on);
    }
    for (const button of document.querySelectorAll('[data-keys="switch"]'))
      button.textContent = on ? button.dataset.on : button.dataset.off;
  };

  document.addEventListener("click", (event) => {
    if (!event.target.closest('[data-keys="switch"]')) return;
    try {
      localStorage.setItem(SWITCH, isOn() ? "off" : "on");
    } catch {
      /* then they stay on */
    }
    show();
  });

  const isTyping = (element) =>
    element?.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(element?.tagName);

  document.addEventListener("keydown", (event) => {
    seen = Date.now();
    if (event.defaultPrevented || event.repeat || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !isOn()) return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    if ("decides" in target.dataset && performance.now() - started < MS_TO_SEE_THE_CASE) return;
    event.preventDefault();
    target.click();
  });
  document.addEventListener("pointermove", () => {
    seen = Date.now();
  });

  const claim = async () => {
    if (document.visibilityState !== "visible" || Date.now() - seen > MS_UNTIL_AWAY) return;
    try {
      const answer = await fetch(script.dataset.claim, {
        method: "POST",
        headers: { "X-CSRFToken": script.dataset.token },
        redirect: "error",
      });
      if (answer.ok) {
        const text = await answer.text();
        const place = document.querySelector("[data-holder]");
        if (place.textContent.trim() !== text) place.textContent = text;
      }
    } catch {
      /* the next one may arrive */
    }
  };

  show();
  if (script.dataset.claim) {
    claim();
    setInterval(claim, MS_BETWEEN_CLAIMS);
  }
})();
