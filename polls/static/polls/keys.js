/* Keys of a console: shown at their buttons and in the overview, switched off by a box, silent while somebody types.
   [data-key] is pressed, [data-focus-key] gets the focus, [data-list] gets it at its next button; arrows move within a list. */
"use strict";
window.Keys = function (board) {
  const on = document.getElementById("keys-on"), help = document.getElementById("keys-dialog"), KEPT = "console-keys";
  try { on.checked = localStorage.getItem(KEPT) !== "off"; } catch { /* not kept */ }
  on.addEventListener("change", function () { try { localStorage.setItem(KEPT, on.checked ? "on" : "off"); } catch { /* not kept */ } });
  document.getElementById("keys-help").addEventListener("click", function () { help.showModal(); });

  function step(list, by) {
    const buttons = Array.from(list.querySelectorAll("button:not(:disabled), summary")).filter(function (one) { return one.offsetParent !== null; });
    const at = buttons.indexOf(document.activeElement), next = buttons[at < 0 ? 0 : Math.min(Math.max(at + by, 0), buttons.length - 1)];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  }
  const actOf = {
    ArrowDown: function (from) { const list = from.closest("[data-list]"); if (list) step(list, 1); return list; },
    ArrowUp: function (from) { const list = from.closest("[data-list]"); if (list) step(list, -1); return list; },
    "?": function () { help.showModal(); return true; },
  };

  function pressed(key, from) {
    if (Object.hasOwn(actOf, key)) return actOf[key](from);
    const escaped = CSS.escape(key);
    const field = board.querySelector('[data-focus-key="' + escaped + '"]'), list = board.querySelector('[data-list="' + escaped + '"]');
    if (field) { field.focus(); field.select(); return true; }
    if (list) { const next = list.querySelector("[data-next] button"); if (next) next.focus(); else step(list, 0); return true; }
    const found = Array.from(board.querySelectorAll('[data-key="' + escaped + '"]')).filter(function (one) { return !one.disabled; });
    const details = found.length > 1 && found[0].closest("details");
    if (details && !details.open) { details.open = true; found[1].focus(); return true; } // asked once more
    const button = found[found.length - 1];
    if (button) button.click();
    return button;
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !on.checked || help.open) return;
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (typing) { if (event.key === "Escape") typing.blur(); return; }
    if (pressed(event.key, event.target)) event.preventDefault();
  });
};
