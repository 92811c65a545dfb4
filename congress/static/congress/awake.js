/* Whoever sees personal data is logged out after half an hour without doing anything. Typing is doing something, so a
   page tells the server now and then; a page that is watched rather than typed on says so by `data-duty`. */
"use strict";
(function () {
  const here = document.currentScript.dataset, watched = "duty" in here;
  const EVERY_MS = watched ? 60000 : 240000;
  let acted = false;
  ["keydown", "pointerdown"].forEach(function (name) {
    window.addEventListener(name, function () { acted = true; }, { passive: true });
  });
  setInterval(function () {
    if (!watched && !acted) return;
    acted = false;
    fetch(here.url, {
      method: "POST", credentials: "same-origin", redirect: "manual", headers: { "X-CSRFToken": here.token },
      body: new URLSearchParams(watched ? { duty: "1" } : {}),
    }).catch(function () { /* the next time */ });
  }, EVERY_MS);
})();
