/* A screen of the hall or of the mixer. Follows its stage by itself for days: keeps one state, draws it anew when it
   changed, and loads itself anew when the server has a newer page. Texts of others are only ever written as text. */
"use strict";
(function () {
  const settings = JSON.parse(document.getElementById("screen-settings").textContent);
  const first = JSON.parse(document.getElementById("screen-state").textContent);
  const texts = settings.texts, place = document.getElementById("screen");
  const FIGURES = new Intl.NumberFormat(document.documentElement.lang || "de");
  const CLOCK = new Intl.DateTimeFormat("de", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Berlin" });
  const MOST_WORDS = 40, MOST_NAMES = 4, SAMPLES = 12, AWAY_MS = 20000, RELOAD_MS = 20000;

  let state = window.Live.reduce(window.Live.empty(), first), speakers = first.speakers;
  let drawn = null, over = false, away = 0, number = 0;

  /* --- The edition's clock: the server says it every few seconds; whoever hears it late is behind. ----------- */

  const samples = [];

  function hearClock(now) {
    const ahead = Date.parse(now) - Date.now();
    if (samples.length && Math.abs(ahead - Math.max.apply(null, samples)) > 30000) samples.length = 0; // it was turned
    samples.push(ahead);
    if (samples.length > SAMPLES) samples.shift();
  }

  function now() { return Date.now() + (samples.length ? Math.max.apply(null, samples) : 0); }

  /* --- Parts ------------------------------------------------------------------------------------------------ */

  function el(name, kind, content) {
    const made = document.createElement(name);
    if (kind) made.className = kind;
    (Array.isArray(content) ? content : [content]).forEach(function (part) { if (part !== undefined && part !== null) made.append(part); });
    return made;
  }

  function filled(text, value) { return text.replace("%s", String(value)); }
  function clock(moment) { return filled(texts.at, CLOCK.format(new Date(moment))); }
  function later(moment) { return new Date(Date.parse(moment) + state.stage.delay_minutes * 60000); }
  function votes(total) { return total === 1 ? texts.one_vote : filled(texts.votes, FIGURES.format(total)); }

  function people(list) {
    const some = list.slice(0, MOST_NAMES).map(function (person) {
      return el("li", null, [el("b", null, person.name), person.role ? el("span", null, person.role) : null]);
    });
    if (list.length > MOST_NAMES) some.push(el("li", null, el("span", null, texts.more)));
    return some.length ? el("ul", "s-people", some) : null;
  }

  function join() {
    const picture = el("img", "s-qr");
    picture.src = settings.qr;
    picture.alt = "";
    return el("div", "s-join", [picture, el("p", null, [el("span", null, texts.join), el("b", null, settings.watch)])]);
  }

  function left(moment) {
    const seconds = Math.round((moment - now()) / 1000), size = Math.abs(seconds);
    const hours = Math.floor(size / 3600), minutes = Math.floor(size / 60) % 60, rest = size % 60;
    const two = function (value) { return String(value).padStart(2, "0"); };
    return (seconds < 0 ? "+" : "") + (hours ? hours + ":" + two(minutes) : minutes) + ":" + two(rest);
  }

  function ticking(label, moment, extra) {
    const figure = el("b", "s-clock", left(moment));
    figure.dataset.until = moment;
    return el("section", "s-count", [el("p", null, label), figure, extra]);
  }

  /* --- What there is to see --------------------------------------------------------------------------------- */

  function bars(poll) {
    const rows = poll.options.map(function (option) {
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      svg.setAttribute("aria-hidden", "true");
      rect.setAttribute("height", "100%");
      svg.append(rect);
      const row = el("li", null, [el("span", "s-answer", option.text), el("span", "s-share", ""), svg]);
      row.dataset.option = option.id;
      return row;
    });
    return el("ol", "s-bars", rows);
  }

  function cloud() { return el("ul", "s-cloud"); }

  function results(poll, full) {
    const shown = poll.results && poll.results.counts;
    const total = poll.results ? poll.results.total : 0;
    const open = poll.state === "open";
    return el("section", "s-poll", [
      el("p", "s-over", open ? texts.vote_now : shown ? texts.result : texts.closed),
      el("h2", null, poll.text),
      poll.kind === "word_cloud" ? (shown ? cloud() : null) : (shown || full ? bars(poll) : null),
      el("p", "s-total", votes(total)),
      full && open ? join() : null,
    ]);
  }

  function drawFigures(poll) {
    const counts = poll.results && poll.results.counts, total = poll.results ? poll.results.total : 0;
    const said = place.querySelector(".s-total");
    if (said) said.textContent = votes(total);
    place.querySelectorAll("[data-option]").forEach(function (row) {
      const count = counts ? counts[row.dataset.option] || 0 : 0, share = counts && total ? count / total : 0;
      row.querySelector("rect").setAttribute("width", Math.round(share * 1000) / 10 + "%");
      const before = counts && poll.before ? Math.round((poll.before.counts[row.dataset.option] || 0) / poll.before.total * 100) : null;
      row.querySelector(".s-share").textContent = counts ? Math.round(share * 100) + " % (" + FIGURES.format(count) + ")" + (before === null ? "" : " · " + texts.before.replace("%s", before)) : "";
    });
    const words = place.querySelector(".s-cloud");
    if (words && counts) drawWords(words, counts);
  }

  function drawWords(list, counts) {
    const most = Object.entries(counts).filter(function (pair) { return pair[1] > 0; })
      .sort(function (a, b) { return b[1] - a[1] || (a[0] < b[0] ? -1 : 1); }).slice(0, MOST_WORDS);
    const highest = most.length ? most[0][1] : 1;
    // By the alphabet, so that a word stays about where it is while others grow.
    most.sort(function (a, b) { return a[0].localeCompare(b[0], "de"); });
    list.replaceChildren.apply(list, most.map(function (pair) {
      const word = el("li", null, [pair[0], el("span", "s-unseen", " " + votes(pair[1]))]);
      word.style.fontSize = 1 + 2.6 * Math.sqrt(pair[1] / highest) + "em";
      return word;
    }));
  }

  function question() {
    const asked = state.questions.find(function (one) { return one.state === "on_screen"; });
    return asked ? el("section", "s-question", [el("p", "s-over", texts.question), el("blockquote", null, asked.text)]) : null;
  }

  function pollShown() { return state.poll && (state.poll.state === "open" || (state.poll.results && state.poll.results.counts)); }

  function session() {
    const on = state.stage.session;
    return on ? el("section", "s-session", [el("p", "s-over", texts.now), el("h2", null, on.title), people(speakers.now)]) : null;
  }

  function following() {
    const next = state.stage.next;
    if (!next) return el("section", "s-session", el("h2", null, texts.nothing_next));
    return el("section", "s-session", [el("p", "s-over", texts.next + " · " + clock(later(next.starts_at))), el("h2", null, next.title), people(speakers.next)]);
  }

  function waiting() {
    const phase = { pause: texts.pause, trouble: texts.trouble, ended: texts.over, preview: texts.preview }[state.stage.phase];
    const said = state.stage.overlay || phase;
    return said ? el("p", "s-phase", said) : null;
  }

  function countdown() {
    const poll = state.poll, stage = state.stage;
    if (poll && poll.state === "open" && poll.ends_at) return ticking(texts.poll_ends, Date.parse(poll.ends_at));
    const waits = !stage.session || stage.phase === "pause" || stage.phase === "preview";
    if (waits && stage.next) return ticking(stage.phase === "preview" ? texts.begins : texts.goes_on, later(stage.next.starts_at).getTime(), el("p", "s-small", stage.next.title));
    return null;
  }

  const VIEWS = {
    lower_third: function () {
      const on = state.stage.session;
      if (!on || state.stage.phase !== "live") return null;
      return el("section", "s-third", [people(speakers.now), el("p", null, on.title)]);
    },
    question: question,
    poll: function () { return state.poll ? results(state.poll, false) : null; },
    countdown: countdown,
    hall: function () {
      const parts = pollShown() ? [results(state.poll, true)] : [question() || session() || waiting() || null];
      if (!pollShown() && !question()) parts.push(state.stage.session && state.stage.phase === "live" ? join() : following());
      if (state.stage.announcement) parts.push(el("p", "s-announcement", state.stage.announcement));
      return el("div", "s-stack", parts);
    },
    result: function () { return state.poll ? results(state.poll, true) : join(); },
    next: function () { return el("div", "s-stack", [state.stage.phase === "live" ? null : waiting(), following()]); },
    time_left: function () {
      const on = state.stage.session;
      if (!on) return following();
      return ticking(texts.time_left, later(on.ends_at).getTime(), el("p", "s-small", on.title));
    },
    qr: function () { return el("div", "s-stack", [el("h2", null, settings.stage), join()]); },
  };

  /* --- Drawing ---------------------------------------------------------------------------------------------- */

  function signature() {
    const poll = state.poll, shown = Boolean(poll && poll.results && poll.results.counts);
    const asked = state.questions.filter(function (one) { return one.state === "on_screen"; });
    return JSON.stringify([state.stage, poll && [poll.id, poll.state, poll.kind, poll.text, poll.options, poll.ends_at, shown], asked, speakers]);
  }

  function draw() {
    if (over || !state.stage) return;
    const sign = signature();
    if (sign !== drawn) {
      drawn = sign;
      const made = VIEWS[settings.shows]();
      place.replaceChildren.apply(place, made ? [made] : []);
    }
    if (state.poll) drawFigures(state.poll);
  }

  function tick() {
    const figure = place.querySelector(".s-clock");
    if (figure) {
      const until = Number(figure.dataset.until), late = until < now();
      // A countdown that is over stands at nought; whoever speaks sees by how much.
      figure.textContent = late && settings.shows !== "time_left" ? "0:00" : left(until);
      figure.closest(".s-count").classList.toggle("is-over", late);
      figure.closest(".s-count").classList.toggle("is-near", !late && until - now() < 120000);
    }
    note();
  }

  function note() {
    let shown = document.getElementById("screen-note");
    const lost = away && Date.now() - away > AWAY_MS && !over && !settings.overlay;
    if (!lost) { if (shown) shown.remove(); return; }
    if (!shown) { shown = el("p", "s-note"); shown.id = "screen-note"; document.body.append(shown); }
    shown.textContent = filled(texts.as_of, CLOCK.format(new Date(away)));
  }

  /* --- The line --------------------------------------------------------------------------------------------- */

  function hear(frame) {
    if (frame.now) hearClock(frame.now);
    if (frame.speakers && frame.seq >= state.seq) speakers = frame.speakers;
    if (frame.build && frame.build !== settings.build) renew(frame.build);
    state = window.Live.reduce(state, frame);
    if (state.missed && line.isLive()) { state.missed = false; line.send({ type: "resume", id: "r" + (number += 1) }); }
    draw();
  }

  function renew(build) {
    // Once for each build: a page kept somewhere on the way must not load itself for ever.
    const known = "screen-build";
    try { if (sessionStorage.getItem(known) === build) return; sessionStorage.setItem(known, build); } catch { return; }
    setTimeout(function () { location.reload(); }, Math.random() * RELOAD_MS);
  }

  function tell(what) {
    place.dataset.live = what;
    if (what === "live" || what === "twin") away = 0;
    else if (!away) away = Date.now();
    if (what === "not_admitted" || what === "ended" || what === "replaced") {
      over = true;
      // Nothing of ours stays in a picture that is on air.
      place.replaceChildren.apply(place, settings.overlay ? [] : [el("p", "s-phase", texts.ended)]);
    }
  }

  const line = window.Live.Line(settings, hear, tell);
  hearClock(first.now);
  draw();
  tick();
  setInterval(tick, 500);
  window.addEventListener("online", line.hurry);
  line.open();
})();
