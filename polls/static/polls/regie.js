/* The Regie's console: shows every step of anybody at once, and locks its buttons while the line is away. */
"use strict";
(function () {
  const lock = document.getElementById("regie-lock");
  const status = document.getElementById("live-status");
  const board = document.getElementById("regie-board");
  const cards = document.getElementById("regie-cards");
  let locked = false, sending = false;

  function setLocked(on) {
    locked = on;
    lock.hidden = !on;
    document.querySelectorAll("main form button").forEach(function (button) {
      if (on) { if (!button.disabled) { button.disabled = true; button.dataset.locked = "1"; } }
      else if (button.dataset.locked) { button.disabled = false; delete button.dataset.locked; }
    });
  }

  function part(text) {
    return new DOMParser().parseFromString(text, "text/html").body.childNodes;
  }

  /* --- One stage ------------------------------------------------------------------------------------------- */

  if (board) {
    const settings = JSON.parse(document.getElementById("regie-settings").textContent);
    let seq, questions;
    const versions = function () {
      const shown = document.getElementById("board").dataset;
      seq = Number(shown.seq);
      questions = Number(shown.questions);
    };
    versions();

    /* Which button of the board it is, to find it again in the next one. */
    const nameOf = function (element) {
      if (element.id) return "#" + CSS.escape(element.id);
      if (element.dataset.key) return '[data-key="' + CSS.escape(element.dataset.key) + '"]';
      const form = element.closest("form");
      if (!form) return null;
      return Array.from(form.querySelectorAll('input[type="hidden"]')).filter(function (field) { return field.name !== "seq" && field.name !== "csrfmiddlewaretoken"; })
        .map(function (field) { return ':has(> [name="' + field.name + '"][value="' + CSS.escape(field.value) + '"])'; }).reduce(function (all, one) { return all + one; }, "form") + " button";
    };

    const show = function (text) {
      const held = document.activeElement, name = held && board.contains(held) ? nameOf(held) : null;
      const opened = Array.from(board.querySelectorAll("details[open][id]"), function (details) { return details.id; });
      const typed = {};
      board.querySelectorAll("[data-focus-key]").forEach(function (field) { if (field.value !== field.defaultValue) typed[field.id] = field.value; });
      board.replaceChildren.apply(board, part(text));
      Object.entries(typed).forEach(function (pair) { const field = document.getElementById(pair[0]); if (field) field.value = pair[1]; });
      opened.forEach(function (id) { const details = document.getElementById(id); if (details) details.open = true; });
      const again = name && board.querySelector(name);
      if (again) again.focus();
      versions();
      if (locked) setLocked(true);
    };

    const look = async function () {
      try {
        const answer = await fetch(location.pathname, { credentials: "same-origin", redirect: "manual", headers: { "X-Part": "board" } });
        if (answer.ok) show(await answer.text());
      } catch { /* the next frame tries again */ }
    };

    const line = window.Live.Line(settings, function (frame) {
      const newer = (frame.type === "state" || frame.type === "stage" || frame.type === "heartbeat") && frame.seq > seq
        || (frame.type === "questions" ? frame.rev : frame.type === "heartbeat" ? frame.questions : 0) > questions;
      const counted = frame.type === "results" && board.querySelector('[value="close"]');
      if ((newer || counted) && !sending) look();
    }, function (what) {
      const on = what === "live" || what === "twin";
      status.className = "fk-status" + (what === "live" ? " fk-status--on" : on ? "" : " fk-status--off");
      status.dataset.state = what;
      status.textContent = settings.texts[what];
      setLocked(!on);
      if (on) look();
    });

    board.addEventListener("submit", async function (event) {
      event.preventDefault();
      if (locked || sending) return;
      sending = true;
      const sent = event.target, body = new FormData(sent);
      sent.querySelectorAll("[data-focus-key]").forEach(function (field) { field.defaultValue = field.value; });
      board.querySelectorAll("button").forEach(function (button) { button.disabled = true; });
      try {
        const answer = await fetch(sent.action, { method: "POST", body: body, credentials: "same-origin", redirect: "manual", headers: { "X-Part": "board" } });
        if (answer.ok || answer.status === 409) show(await answer.text());
        else setLocked(true);
      } catch { setLocked(true); }
      sending = false;
    });

    window.Keys(board);

    window.addEventListener("online", line.hurry);
    line.open();
    setInterval(function () { if (!locked && !sending && !board.contains(document.activeElement.closest("input, textarea"))) look(); }, 10000); // viewers and lamps
  }

  /* --- All stages ------------------------------------------------------------------------------------------- */

  if (cards) {
    const again = Number(cards.dataset.again) * 1000;
    const refresh = async function () {
      try {
        const answer = await fetch(location.pathname, { credentials: "same-origin", redirect: "manual", headers: { "X-Part": "board" } });
        if (!answer.ok) throw new Error(String(answer.status));
        cards.replaceChildren.apply(cards, part(await answer.text()));
        status.textContent = new Date().toLocaleTimeString(document.documentElement.lang, { timeZone: "Europe/Berlin" });
        status.className = "fk-status fk-status--on";
        setLocked(false);
      } catch { status.className = "fk-status fk-status--off"; setLocked(true); }
      setTimeout(refresh, again * (0.8 + Math.random() * 0.4));
    };
    setTimeout(refresh, again);
  }
})();
