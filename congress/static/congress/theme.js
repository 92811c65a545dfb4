// Light, dark or as the system says. Loaded in the head, before anything is painted; kept in this browser only.
(function () {
  "use strict";
  var KEY = "fk-theme";
  var root = document.documentElement;

  function stored() {
    try {
      return window.localStorage.getItem(KEY) || "system";
    } catch (error) {
      return "system"; // storage is switched off: the system decides
    }
  }

  function show(theme) {
    if (theme === "light" || theme === "dark") root.setAttribute("data-kern-theme", theme);
    else root.removeAttribute("data-kern-theme");
  }

  function press(theme) {
    document.querySelectorAll("[data-theme-choice]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    });
  }

  show(stored());
  // Paper is white.
  window.addEventListener("beforeprint", function () {
    show("light");
  });
  window.addEventListener("afterprint", function () {
    show(stored());
  });

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-theme-switch]").forEach(function (group) {
      group.hidden = false; // without JavaScript there is nothing to press
    });
    press(stored());
    document.addEventListener("click", function (event) {
      var button = event.target.closest("[data-theme-choice]");
      if (!button) return;
      var theme = button.dataset.themeChoice;
      try {
        window.localStorage.setItem(KEY, theme);
      } catch (error) {
        // not kept, but shown
      }
      show(theme);
      press(theme);
    });
  });
})();
