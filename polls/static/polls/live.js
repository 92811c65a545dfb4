/* Keeps the page of a stage, and the moderators' console, up to date: by socket, else by asking every few seconds.
   Texts of others are only ever written as text. `Live.reduce` is all there is to versions: older ones are ignored. */
"use strict";
(function () {
  const STATE_MS = 4000;            // after opening, the state must have come
  const SILENCE_MS = 11000;         // two heartbeats of five seconds missed
  const AGAIN_MS = [60000, 300000, 900000]; // when the socket is tried again after it was swallowed
  const POLL_MS = 2500, LONGEST_POLL_MS = 20000;
  const SAY_MS = 5000;              // the live region speaks at most so often
  const CONSOLE_MS = 3000;          // the console asks for its words at most so often
  const TABLET_MS = 1000;           // the tablet asks for its page at most so often
  const WORD_LIMIT = 40, SIZES = 5; // as polls.words
  const ANSWER_MS = 6000;           // a vote without an answer is sent again

  /* --- What the server says, kept in order: (state, frame) → state. `missed` asks for the whole. ------------ */

  function empty() {
    return { seq: -1, now: null, stage: null, poll: null, questions: [], questionsRev: -1, you: { kind: "", voted: [], supported: [], rated: [] }, missed: false };
  }

  function newerResults(known, given) {
    if (!known) return given;
    if (!given) return known;
    if (given.rev > known.rev) return given;
    if (given.rev === known.rev && given.counts && !known.counts) return given;
    return known;
  }

  function withPoll(state, poll) {
    if (!poll || !state.poll || state.poll.id !== poll.id) return poll;
    return Object.assign({}, poll, { results: newerResults(state.poll.results, poll.results) });
  }

  function union(a, b) {
    return Array.from(new Set(a.concat(b))).sort(function (x, y) { return x < y ? -1 : 1; });
  }

  function reduce(state, frame) {
    const next = Object.assign({}, state);
    switch (frame.type) {
      case "state":
      case "stage":
        if (frame.seq >= state.seq) {
          next.poll = withPoll(state, frame.poll);
          next.seq = frame.seq; next.now = frame.now; next.stage = frame.stage;
          if (frame.type === "state") next.missed = false;
        }
        if (frame.questions) next.questions = frame.questions;
        if (frame.you) next.you = Object.assign({}, frame.you, { voted: union(state.you.voted, frame.you.voted) });
        return next;
      case "results":
        if (!state.poll || state.poll.id !== frame.poll) return state;
        next.poll = Object.assign({}, state.poll, { results: newerResults(state.poll.results, { rev: frame.rev, total: frame.total, counts: frame.counts }) });
        return next;
      case "questions":
        if (frame.rev < state.questionsRev) return state;
        next.questions = frame.questions; next.questionsRev = frame.rev;
        return next;
      case "you":
        next.you = Object.assign({}, state.you, frame, { kind: state.you.kind || frame.kind, voted: union(state.you.voted, frame.voted) });
        delete next.you.type;
        return next;
      case "heartbeat": {
        const rev = state.poll && frame.rev[String(state.poll.id)];
        const known = state.poll && state.poll.results ? state.poll.results.rev : -1;
        // A whole state says no version of its questions: the first heartbeat after it does.
        const asked = frame.questions === undefined ? -1 : frame.questions;
        const fewer = state.questionsRev >= 0 && asked > state.questionsRev;
        next.missed = frame.seq > state.seq || (rev !== undefined && rev !== null && rev > known) || fewer;
        next.questionsRev = Math.max(asked, state.questionsRev);
        next.now = frame.now;
        return next;
      }
    }
    return state;
  }

  /* --- The line: socket with full jitter, else the twin ------------------------------------------------------ */

  function Line(settings, hear, tell) {
    let socket = null, timer = null, watch = null, polling = null, etag = "", ownSeq = null, attempts = 0, swallowed = 0, over = false;
    let heardAt = 0, gotState = false, first = true, wait = POLL_MS;

    function address() {
      const url = new URL(settings.socket, location.href);
      url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      if (first && settings.ticket) url.searchParams.set("ticket", settings.ticket);
      first = false;
      return url.href;
    }

    function open() {
      clearTimeout(timer);
      if (over) return;
      if (!polling) tell("connecting");
      gotState = false;
      const mine = socket = new WebSocket(address());
      const stateTimer = setTimeout(function () { if (!gotState) swallow(mine); }, STATE_MS);
      mine.onopen = function () { heardAt = Date.now(); };
      mine.onmessage = function (message) {
        if (mine !== socket) return;
        heardAt = Date.now();
        let frame;
        try { frame = JSON.parse(message.data); } catch { return; }
        if (frame.type === "state") {
          gotState = true; attempts = 0; swallowed = 0;
          clearTimeout(stateTimer); stopPolling(); tell("live");
        }
        hear(frame);
      };
      mine.onclose = function (event) {
        clearTimeout(stateTimer);
        if (mine !== socket) return;
        socket = null;
        if (event.code === 4401) return end("signed_out");
        if (event.code === 4403) return end("not_admitted");
        if (event.code === 4404) return end("ended");
        if (event.code === 4409) return end("replaced");
        attempts += 1;
        // A network that lets no socket through: the twin meanwhile.
        if (attempts >= 2 || event.code === 4400 || event.code === 4429) startPolling();
        if (!polling) tell("away");
        const longest = Math.min(30000, 1000 * Math.pow(2, attempts));
        timer = setTimeout(open, Math.random() * longest);
      };
      clearInterval(watch);
      watch = setInterval(function () {
        if (mine === socket && gotState && Date.now() - heardAt > SILENCE_MS) swallow(mine);
      }, 1000);
    }

    function swallow(mine) {
      // Open, but nothing comes through: something on the way swallows it.
      if (mine !== socket) return;
      socket = null;
      mine.onclose = null;
      mine.close();
      startPolling();
      timer = setTimeout(open, AGAIN_MS[Math.min(swallowed, AGAIN_MS.length - 1)]);
      swallowed += 1;
    }

    function end(why) {
      over = true;
      stopPolling(); clearTimeout(timer); clearInterval(watch);
      tell(why);
    }

    function startPolling() {
      if (polling || over) return;
      ownSeq = null;
      polling = setTimeout(ask, Math.random() * 500);
    }

    function stopPolling() { clearTimeout(polling); polling = null; wait = POLL_MS; }

    async function ask() {
      const began = Date.now();
      try {
        const answer = await fetch(settings.state, { headers: etag ? { "If-None-Match": etag } : {}, credentials: "same-origin", redirect: "manual", cache: "no-store" });
        if (answer.type === "opaqueredirect") return end("signed_out");
        if (answer.status === 404 || answer.status === 403 || answer.status === 410) return end("not_admitted");
        if (answer.status === 200) {
          etag = answer.headers.get("ETag") || "";
          const state = await answer.json();
          // What is mine changes with what is shown; a vote of mine I know of.
          const own = state.seq === ownSeq || !settings.me ? null : await fetch(settings.me, { credentials: "same-origin", redirect: "manual", cache: "no-store" });
          if (own && own.ok) ownSeq = state.seq;
          if (polling) { hear(state); if (own && own.ok) hear(await own.json()); }
        } else if (answer.status !== 304) throw new Error(String(answer.status));
        if (polling) tell("twin");
        wait = Math.min(LONGEST_POLL_MS, Math.max(POLL_MS, (Date.now() - began) * 10)); // stretched under load
      } catch {
        wait = Math.min(LONGEST_POLL_MS, wait * 2);
        if (polling) tell("away");
      }
      if (polling) polling = setTimeout(ask, wait * (0.75 + Math.random() * 0.5));
    }

    return {
      open: open,
      isLive: function () { return socket !== null && gotState && socket.readyState === WebSocket.OPEN; },
      send: function (frame) { socket.send(JSON.stringify(frame)); },
      hurry: function () { if (!over && socket === null) { clearTimeout(timer); timer = setTimeout(open, Math.random() * 2000); } },
      look: function () { if (polling) { clearTimeout(polling); polling = setTimeout(ask, 300); } },
    };
  }

  /* --- The page ------------------------------------------------------------------------------------------------ */

  function element(name, attributes, content) {
    const made = document.createElement(name);
    Object.entries(attributes || {}).forEach(function (pair) { if (pair[1] !== null) made.setAttribute(pair[0], pair[1]); });
    (Array.isArray(content) ? content : [content]).forEach(function (part) { if (part !== undefined && part !== null) made.append(part); });
    return made;
  }

  function filled(text) {
    const values = Array.prototype.slice.call(arguments, 1);
    let next = 0;
    return text.replace(/%(?:(\d)\$)?s/g, function (_, place) { return String(values[place ? Number(place) - 1 : next++]); });
  }

  function bar(share) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    svg.setAttribute("class", "fk-bar"); svg.setAttribute("aria-hidden", "true"); svg.setAttribute("focusable", "false");
    rect.setAttribute("width", share * 100 + "%"); rect.setAttribute("height", "100%");
    svg.append(rect);
    return svg;
  }

  function Page(settings, initial) {
    const texts = settings.texts, titles = new Map(Object.entries(settings.titles || {}));
    let box = document.getElementById("live-poll");
    const says = document.getElementById("live-says");
    let state = initial, voting = null, saidAt = 0, sayTimer = null, saidText = "", wordsTimer = null, drawn = signature(initial), number = 0;
    const line = Line(settings, hear, tell);

    const language = document.documentElement.lang || "de";
    const figures = new Intl.NumberFormat(language);
    const oneDigit = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    const clockTime = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Berlin" });
    const clock = function (moment) { return clockTime.format(new Date(moment)) + (language === "de" ? " Uhr" : ""); };
    const votes = function (total) { return total === 1 ? texts.one_vote : filled(texts.votes, figures.format(total)); };
    const isEntitled = function (poll) { return !poll.levels || poll.levels.includes(settings.level); };
    const levelsOf = function (poll) { return Object.entries(settings.levels).filter(function (pair) { return poll.levels.includes(pair[0]); }).map(function (pair) { return pair[1]; }).join(", "); };
    const hasVoted = function () { return state.poll !== null && state.you.voted.includes(state.poll.id); };

    function signature(of) {
      const poll = of.poll;
      return poll ? [poll.id, poll.state, of.you.voted.includes(poll.id)].join() : "";
    }

    function tell(what) {
      const status = document.getElementById("live-status");
      status.className = "fk-status" + (what === "live" ? " fk-status--on" : what === "twin" || what === "connecting" ? "" : " fk-status--off");
      status.dataset.state = what;
      status.replaceChildren(texts[what]);
      if (what === "signed_out") status.append(" ", element("a", { href: settings.sign_in }, texts.sign_in));
      if (window.Player && (what === "signed_out" || what === "not_admitted")) window.Player.end();
    }

    function hear(frame) {
      if (frame.type === "ack" || frame.type === "error") return answered(frame);
      const before = state;
      state = reduce(state, frame);
      if (state.missed && line.isLive()) { state.missed = false; line.send({ type: "resume", id: "r" + (number += 1) }); }
      if (state === before) return;
      if (settings.tablet) { // all of it comes from the server, at most so often
        if (!wordsTimer && (before.stage !== state.stage || before.poll !== state.poll || before.questions !== state.questions)) wordsTimer = setTimeout(function () { wordsTimer = null; redrawConsole(); }, TABLET_MS);
        return;
      }
      if (before.poll !== state.poll || before.you !== state.you) drawPoll();
      if (before.stage !== state.stage) drawStage();
      if (before.questions !== state.questions) { if (settings.console) redrawConsole(); else drawQuestions(); }
    }

    /* Poll and results */

    function drawPoll() {
      const now = signature(state);
      if (now !== drawn) {
        const was = drawn;
        drawn = now;
        if (settings.console) return redrawConsole();
        buildPoll(was.split(",")[0] !== now.split(",")[0]);
      }
      drawResults();
      // The words a moderator acts on come from the server.
      if (settings.console && state.poll && state.poll.kind === "word_cloud" && !wordsTimer) wordsTimer = setTimeout(redrawWords, CONSOLE_MS);
    }

    async function redrawWords() {
      wordsTimer = null;
      const place = document.getElementById("live-words");
      if (!place || place.contains(document.activeElement) || place.querySelector(":checked")) return; // somebody is at work there
      const fresh = await consolePart();
      const words = fresh && fresh.querySelector("#live-words");
      if (words && !place.contains(document.activeElement)) place.replaceWith(words);
    }

    function buildPoll(isNew) {
      const poll = state.poll;
      const held = box.contains(document.activeElement);
      box.replaceChildren();
      document.getElementById("live-poll-box").classList.toggle("fk-box--on", poll !== null && poll.state === "open");
      if (!poll) { box.append(element("p", { class: "fk-quiet" }, texts.no_poll)); return; }
      if (poll.state === "open" && settings.may_vote && isEntitled(poll) && !hasVoted()) {
        box.append(form(poll));
        if (isNew) say(filled(texts.new_poll, poll.text), true);
      } else {
        const title = element("h3", { class: "fk-poll__text", tabindex: "-1" }, poll.text);
        box.append(title);
        if (poll.state !== "open") box.append(element("p", { class: "fk-quiet" }, texts.poll_closed));
        else if (hasVoted()) box.append(element("p", { class: "fk-poll__thanks" }, [element("span", { class: "kern-icon kern-icon--check", "aria-hidden": "true" }), texts.counted]));
        else if (!isEntitled(poll)) box.append(element("p", { class: "fk-quiet" }, filled(texts.only_for, levelsOf(poll))));
        if (held) title.focus();
      }
      if (poll.kind === "word_cloud") box.append(element("div", { "data-live": "results", hidden: "" }, [
        element("p", { class: "fk-poll__total" }, [poll.state === "open" ? texts.interim : texts.result, " (", element("span", { "data-live": "total" }), ")"]),
        element("ol", { class: "fk-words fk-cloud", "data-live": "words" }),
      ]));
      else box.append(element("table", { class: "fk-results", "data-live": "results", hidden: "" }, [
        element("caption", {}, [poll.state === "open" ? texts.interim : texts.result, " (", element("span", { "data-live": "total" }), ")"]),
        element("tbody", {}, poll.options.map(function (option) {
          return element("tr", { "data-option": option.id }, [element("th", { scope: "row" }, [element("span", {}, option.text), bar(0)]), element("td", { class: "fk-number" })]);
        })),
      ]));
      if (poll.kind === "scale") box.append(element("p", { "data-live": "mean", hidden: "" }, [texts.mean, " ", element("strong", {})]));
      box.append(element("p", { class: "fk-quiet", "data-live": "few", hidden: "" }, [element("span", { "data-live": "total" }), ". ", element("span", { "data-live": "why" })]));
    }

    function form(poll) {
      const kind = poll.kind === "multiple" ? "checkbox" : "radio";
      // In the hall, by a badge: two taps from the badge to the vote.
      const taps = settings.in_the_hall && kind === "radio" && poll.kind !== "word_cloud";
      const choices = element("fieldset", { class: "fk-choices" }, element("legend", {}, poll.text));
      if (!poll.secret) choices.append(element("p", { class: "fk-named" }, texts.named));
      if (poll.levels) choices.append(element("p", { class: "fk-quiet" }, filled(texts.only_for, levelsOf(poll))));
      if (kind === "checkbox") choices.append(element("p", { class: "fk-quiet" }, poll.min > 1 ? filled(texts.from_to, poll.min, poll.max) : filled(texts.up_to, poll.max)));
      if (poll.kind === "word_cloud" && poll.max > 1) choices.append(element("p", { class: "fk-quiet" }, filled(texts.up_to_words, poll.max)));
      for (let place = 1; poll.kind === "word_cloud" && place <= poll.max; place += 1) {
        choices.append(element("div", { class: "kern-form-input" }, [
          element("label", { class: "kern-label", for: "wort-" + place }, poll.max > 1 ? filled(texts.word, place) : texts.your_word),
          element("input", { class: "kern-form-input__input", id: "wort-" + place, name: "words", maxlength: WORD_LIMIT, autocomplete: "off" }),
        ]));
      }
      const row = poll.kind === "scale" ? element("div", { class: "fk-scale" }) : choices;
      if (row !== choices) choices.append(row);
      poll.options.forEach(function (option) {
        if (taps) row.append(element("button", { class: "fk-choice fk-choice--tap", name: "choices", value: option.id }, option.text));
        else row.append(element("label", { class: "fk-choice" }, [element("input", { type: kind, name: "choices", value: option.id }), element("span", {}, option.text)]));
      });
      const vote = taps
        ? element("span", { class: "fk-quiet" }, texts.tap)
        : element("button", { class: "kern-btn kern-btn--primary", type: "submit" }, element("span", { class: "kern-label" }, texts.vote));
      const actions = element("div", { class: "fk-actions" }, vote);
      if (poll.ends_at) actions.append(element("span", { class: "fk-quiet" }, filled(texts.ends_at, clock(poll.ends_at))));
      return element("form", { method: "post", action: settings.vote, "data-live": "form", "data-poll": poll.id }, [
        element("input", { type: "hidden", name: "csrfmiddlewaretoken", value: settings.csrf }),
        element("input", { type: "hidden", name: "poll", value: poll.id }),
        choices,
        element("p", { class: "fk-poll__refusal", "data-live": "refusal", role: "alert", hidden: "" }),
        actions,
        poll.kind === "word_cloud" && poll.secret ? element("p", { class: "fk-small fk-quiet" }, texts.words_are_seen) : null,
        poll.secret ? element("p", { class: "fk-small fk-quiet" }, texts.secret) : null,
      ]);
    }

    function drawResults() {
      const table = box.querySelector("[data-live=results]");
      const poll = state.poll;
      if (!table || !poll || !poll.results || (settings.console && box.dataset.poll !== String(poll.id))) return;
      const results = poll.results, few = box.querySelector("[data-live=few]");
      box.querySelectorAll("[data-live=total]").forEach(function (place) { place.textContent = votes(results.total); });
      table.hidden = !results.counts;
      few.hidden = Boolean(results.counts);
      few.querySelector("[data-live=why]").textContent = results.total < 5 ? texts.few : texts.later;
      if (!results.counts) return;
      if (poll.kind === "word_cloud") return drawWords(results);
      let leading = null, steps = 0, answers = 0;
      poll.options.forEach(function (option, place) {
        const count = results.counts[String(option.id)] || 0, share = results.total ? count / results.total : 0;
        steps += (place + 1) * count; answers += count;
        const row = table.querySelector('[data-option="' + option.id + '"]');
        if (row) {
          row.querySelector("rect").setAttribute("width", Math.round(share * 1000) / 10 + "%");
          const number = row.querySelector(".fk-number"), before = poll.before ? (poll.before.counts[String(option.id)] || 0) / poll.before.total : null;
          number.textContent = Math.round(share * 100) + " % (" + figures.format(count) + ")";
          if (before !== null) number.append(element("br"), element("span", { class: "fk-small fk-quiet" }, filled(texts.before, Math.round(before * 100))));
        }
        if (!leading || count > leading.count) leading = { text: option.text, count: count, share: share };
      });
      const mean = box.querySelector("[data-live=mean]");
      if (mean) { mean.hidden = !answers; mean.querySelector("strong").textContent = oneDigit.format(answers ? steps / answers : 0); }
      if (leading && leading.count) say(filled(texts.leading, votes(results.total), leading.text, Math.round(leading.share * 100)));
    }

    /* A word cloud: a list for those who hear it, the most frequent word first; sizes for those who see it. */
    function drawWords(results) {
      const words = Object.entries(results.counts).sort(function (a, b) { return b[1] - a[1] || (a[0] < b[0] ? -1 : 1); });
      const largest = words.length ? words[0][1] : 0, list = box.querySelector("[data-live=words]");
      if (!list) return;
      list.replaceChildren.apply(list, words.map(function (pair) {
        const size = largest > 1 ? 1 + Math.round((SIZES - 1) * (pair[1] - 1) / (largest - 1)) : 1;
        const count = element("span", { class: "fk-cloud__count" }, [figures.format(pair[1]), element("span", { class: "kern-sr-only" }, " " + (pair[1] === 1 ? texts.time : texts.times))]);
        return element("li", { class: "fk-word-" + size }, [pair[0], " ", count]);
      }));
      if (words.length) say(filled(texts.most_written, votes(results.total), words[0][0], words[0][1]));
    }

    function say(text, atOnce) {
      if (!says || text === saidText) return;
      saidText = text;
      clearTimeout(sayTimer);
      const speak = function () { saidAt = Date.now(); says.textContent = saidText; };
      // Not by a timer: the figures drawn next would take its place before anybody heard it.
      if (atOnce) return speak();
      sayTimer = setTimeout(speak, Math.max(0, saidAt + SAY_MS - Date.now()));
    }

    /* Stage */

    // What was invented for the demonstration or an exercise is marked wherever it is named.
    const examples = new Set(settings.examples || []);
    function example(session) {
      return examples.has(session.code) ? element("span", { class: "kern-badge kern-badge--small kern-badge--neutral fk-badge" }, element("span", { class: "kern-label kern-label--small" }, texts.example)) : null;
    }

    // Frames are in German for all; an English page knows the English titles.
    function title(session) { return titles.get(session.title) || session.title; }

    function drawStage() {
      if (settings.console) return;
      const stage = state.stage;
      const now = document.getElementById("live-now"), next = document.getElementById("live-next"), delay = document.getElementById("live-delay");
      if (stage.session) now.replaceChildren(element("span", { class: "fk-live" }, texts.live_badge), element("strong", {}, title(stage.session)), example(stage.session) || "", element("span", { class: "fk-quiet" }, filled(texts.until, clock(stage.session.ends_at))));
      else now.replaceChildren(element("span", { class: "fk-quiet" }, texts.nothing));
      next.hidden = !stage.next;
      if (stage.next) next.replaceChildren(filled(texts.next, clock(stage.next.starts_at), title(stage.next)), " ", example(stage.next) || "");
      delay.hidden = !stage.delay_minutes;
      delay.textContent = filled(texts.late, stage.delay_minutes);
      const overlay = document.getElementById("live-overlay"), announcement = document.getElementById("live-announcement");
      overlay.hidden = !stage.overlay;
      overlay.textContent = stage.overlay;
      announcement.hidden = !stage.announcement;
      announcement.replaceChildren(element("p", {}, stage.announcement));
      if (window.Player) window.Player.follow(stage, settings.slates[stage.phase] || "");
    }

    /* Questions: the list alone; what somebody types stays. */

    function drawQuestions() {
      const list = document.getElementById("live-questions");
      if (!list || !settings.support) return;
      list.replaceChildren.apply(list, state.questions.map(function (question) {
        const words = element("p", {}, question.text);
        if (question.state === "on_screen") words.append(" ", element("strong", { class: "fk-small" }, texts.on_screen));
        if (question.state === "answered") words.append(" ", element("span", { class: "fk-small fk-quiet" }, texts.answered));
        if (question.name) words.append(element("br"), element("span", { class: "fk-small fk-quiet" }, question.name));
        const mine = state.you.supported.includes(question.id);
        const button = element("button", { class: "fk-support", type: "submit", "aria-pressed": mine ? "true" : null, disabled: mine ? "" : null }, [element("span", { "aria-hidden": "true" }, "▲ " + question.support), element("span", { class: "kern-sr-only" }, filled(texts.support, question.support))]);
        const vote = settings.may_vote ? element("form", { method: "post", action: settings.support }, [
          element("input", { type: "hidden", name: "csrfmiddlewaretoken", value: settings.csrf }), element("input", { type: "hidden", name: "question", value: question.id }), button,
        ]) : element("span", { class: "fk-quiet" }, "▲ " + question.support);
        return element("li", { class: question.state === "on_screen" ? "fk-question--on-screen" : null }, [words, vote]);
      }));
      if (!state.questions.length) list.append(element("li", { class: "fk-quiet" }, element("p", {}, texts.no_question)));
    }

    /* The console: its lists come from the server; only their place is exchanged. */

    async function consolePart() {
      try {
        const answer = await fetch(location.pathname + location.search, { credentials: "same-origin", redirect: "manual", headers: { "X-Part": "console" } });
        return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").body : null;
      } catch { return null; /* the next change tries again */ }
    }

    async function redrawConsole() {
      const fresh = await consolePart();
      if (!fresh) return;
      const marked = Array.from(document.querySelectorAll("[name=questions]:checked"), function (mark) { return mark.value; });
      document.getElementById("live-console").replaceChildren(...fresh.childNodes);
      document.querySelectorAll("[name=questions]").forEach(function (mark) { if (marked.includes(mark.value)) mark.checked = true; });
      box = document.getElementById("live-poll");
      drawResults();
    }

    /* Voting */

    function submitted(event) {
      const sent = event.target.closest("[data-live=form]");
      if (!sent) return;
      event.preventDefault();
      if (voting) return;
      const tapped = event.submitter && event.submitter.name === "choices" ? [event.submitter] : sent.querySelectorAll("[name=choices]:checked");
      const choices = Array.from(tapped, function (input) { return Number(input.value); });
      const poll = state.poll;
      const words = Array.from(sent.querySelectorAll("[name=words]"), function (input) { return input.value.trim(); }).filter(Boolean);
      const byWords = sent.querySelector("[name=words]") !== null;
      if (byWords && !words.length) return refuse(texts.write);
      if (!byWords && !choices.length) return refuse(texts.choose);
      if (poll && choices.length > poll.max) return refuse(filled(texts.choose_most, poll.max));
      if (poll && !byWords && choices.length < poll.min) return refuse(filled(texts.choose_least, poll.min));
      voting = { poll: Number(sent.dataset.poll), said: byWords ? { words: words } : { choices: choices }, id: "v" + Date.now() + "." + (number += 1), attempts: 0, timer: null };
      sent.querySelectorAll("button").forEach(function (button) { button.disabled = true; });
      refuse("");
      say(texts.counting, true);
      cast();
    }

    function cast() {
      if (!voting) return;
      const mine = voting;
      mine.attempts += 1;
      clearTimeout(mine.timer);
      if (mine.attempts > 6) { done(); return refuse(texts.not_counted); }
      const frame = Object.assign({ type: "vote", id: mine.id, poll: mine.poll }, mine.said);
      // No answer: the line was cut. Sending it again does no harm: it counts once.
      mine.timer = setTimeout(cast, ANSWER_MS);
      if (line.isLive()) return line.send(frame);
      fetch(settings.vote, {
        method: "POST", credentials: "same-origin", redirect: "manual", body: JSON.stringify(frame),
        headers: { "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": settings.csrf },
      }).then(function (answer) {
        if (answer.type === "opaqueredirect") { done(); return tell("signed_out"); }
        return answer.json().then(answered);
      }).catch(function () { clearTimeout(mine.timer); mine.timer = setTimeout(cast, 2000 * Math.random() + 500); });
    }

    function answered(frame) {
      if (!voting || frame.id !== voting.id) return;
      if (frame.type === "error" && frame.retry_after_ms) {
        clearTimeout(voting.timer);
        voting.timer = setTimeout(cast, frame.retry_after_ms * (1 + Math.random()));
        return;
      }
      const poll = voting.poll;
      done();
      if (frame.type === "error") return refuse(frame.message);
      state = reduce(state, { type: "you", voted: [poll], supported: state.you.supported, rated: state.you.rated });
      say(frame.already ? texts.already : texts.counted, true);
      drawPoll();
      line.look();
    }

    function done() {
      clearTimeout(voting.timer);
      voting = null;
      box.querySelectorAll("[data-live=form] button").forEach(function (button) { button.disabled = false; });
    }

    function refuse(text) {
      const place = box.querySelector("[data-live=refusal]");
      if (!place) return;
      place.hidden = !text;
      place.textContent = text;
      if (text) { const field = box.querySelector("[name=choices], [name=words]"); if (field) field.focus(); }
    }

    document.addEventListener("submit", submitted);
    window.addEventListener("online", line.hurry);
    line.open();
    return { state: function () { return state; }, line: line };
  }

  window.Live = { reduce: reduce, empty: empty, Line: Line };
  const settingsPlace = document.getElementById("live-settings");
  if (settingsPlace) {
    const settings = JSON.parse(settingsPlace.textContent);
    const state = reduce(empty(), JSON.parse(document.getElementById("live-state").textContent));
    window.Live.page = Page(settings, state);
  }
})();
