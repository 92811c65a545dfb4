/* The Technik-Check: tries picture, captions, socket and HTTP, and says in words what came out. */
"use strict";
(function () {
  const settings = JSON.parse(document.getElementById("check-settings").textContent), texts = settings.texts;
  const STATE_MS = 4000;      // after opening, the first frame must have come
  const HOLD_MS = 7000;       // and the first heartbeat a moment later
  const PICTURE_MS = 15000, SECONDS_PLAYED = 1.5;
  const start = document.getElementById("check-start"), result = document.getElementById("check-result");
  const video = document.querySelector("#check-player video"), form = document.querySelector("#check-vote form");
  let socket = null, running = false, player = null, number = 0;
  const found = {};

  function later(ms) { return new Promise(function (resolve) { setTimeout(resolve, ms); }); }

  function show(name, state, text) {
    const line = document.querySelector('[data-check="' + name + '"]');
    line.hidden = false;
    line.dataset.state = state;
    line.querySelector("span").textContent = text;
  }

  /* --- Each thing that is tried: ends with true or false, and never with an exception. ------------------------ */

  function tryPicture() {
    return new Promise(function (resolve) {
      let over = false;
      const end = function (well) {
        if (over) return;
        over = true;
        show("picture", well ? "ok" : "no", well ? texts.picture_ok : texts.picture_no);
        resolve(well);
      };
      setTimeout(function () { end(false); }, PICTURE_MS);
      video.addEventListener("timeupdate", function () { if (video.currentTime >= SECONDS_PLAYED) end(true); });
      if (player) player.destroy();
      if (window.Hls && window.Hls.isSupported()) {
        video.removeAttribute("src");
        player = new window.Hls({ workerPath: settings.worker });
        player.on(window.Hls.Events.ERROR, function (_, fault) { if (fault.fatal) end(false); });
        player.on(window.Hls.Events.SUBTITLE_TRACKS_UPDATED, function () { player.subtitleTrack = 0; player.subtitleDisplay = true; });
        player.loadSource(settings.clip + "?" + Date.now());
        player.attachMedia(video);
      } else {
        video.addEventListener("error", function () { end(false); }, { once: true });
        video.src = settings.clip;
      }
      video.currentTime = 0;
      video.play().catch(function () { /* the time decides */ });
    });
  }

  async function tryCaptions(picture) {
    const heard = function () {
      return Array.from(video.textTracks).some(function (track) {
        if (track.mode === "disabled") track.mode = "hidden";
        return track.cues && track.cues.length > 0;
      });
    };
    await picture;
    for (let turn = 0; turn < 20 && !heard(); turn += 1) await later(250);
    const well = heard();
    show("captions", well ? "ok" : "no", well ? texts.captions_ok : texts.captions_no);
    return well;
  }

  function trySocket() {
    return new Promise(function (resolve) {
      const url = new URL(settings.socket, location.href);
      url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      let opened = false, told = false, acked = false, beat = false, over = false;
      const end = function (well, text) {
        if (over) return;
        over = true;
        if (!well && socket) { socket.onclose = null; socket.close(); socket = null; }
        show("socket", well ? "ok" : "no", text);
        resolve(well);
      };
      try { socket = new WebSocket(url.href); } catch { return end(false, texts.socket_no); }
      socket.onopen = function () { opened = true; };
      socket.onmessage = function (message) {
        let frame;
        try { frame = JSON.parse(message.data); } catch { return; }
        if (frame.type === "state") { told = true; socket.send(JSON.stringify({ type: "ping", id: "p" })); }
        if (frame.type === "ack" && frame.id === "p") acked = true;
        if (frame.type === "ack" && waiting[frame.id]) waiting[frame.id](true);
        if (frame.type === "heartbeat") beat = true;
        if (told && acked && beat) end(true, texts.socket_ok);
      };
      socket.onclose = function () { socket = null; end(false, told ? texts.socket_cut : texts.socket_no); };
      // A proxy that says yes to the upgrade and then lets nothing through is told from one that refuses.
      setTimeout(function () { if (!told || !acked) end(false, opened ? texts.socket_swallowed : texts.socket_no); }, STATE_MS);
      setTimeout(function () { end(false, texts.socket_swallowed); }, HOLD_MS);
    });
  }

  function post(frame) {
    return fetch(settings.here, {
      method: "POST", credentials: "same-origin", redirect: "error", body: JSON.stringify(frame),
      headers: { "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": settings.csrf },
    }).then(function (answer) { return answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status))); })
      .then(function (body) { return body.type === "ack" && body.id === frame.id; });
  }

  async function tryHttp() {
    let well = false;
    try {
      const answer = await fetch(settings.state, { credentials: "same-origin", cache: "no-store" });
      well = answer.ok && (await answer.json()).type === "state" && await post({ type: "ping", id: "h" });
    } catch { /* said below */ }
    show("http", well ? "ok" : "no", well ? texts.http_ok : texts.http_no);
    return well;
  }

  async function tryHosts() {
    if (!settings.origins.length) return true;
    const lines = await Promise.all(settings.origins.map(async function (origin) {
      // What is answered does not matter; a firewall answers nothing.
      try { await fetch(origin, { mode: "no-cors", cache: "no-store", credentials: "omit" }); return [true, texts.host_ok.replace("%s", origin)]; }
      catch { return [false, texts.host_no.replace("%s", origin)]; }
    }));
    const well = lines.every(function (line) { return line[0]; });
    show("hosts", well ? "ok" : "no", lines.map(function (line) { return line[1]; }).join(" "));
    return well;
  }

  /* --- In words ------------------------------------------------------------------------------------------------ */

  function verdict() {
    const picture = found.picture && found.hosts;
    if (!picture && !found.socket && !found.http) return ["danger", texts.nothing, null];
    if (!picture) return ["warning", texts.no_picture, "no_picture"];
    if (!found.socket) return found.http ? ["info", texts.http_only, "http_only"] : ["warning", texts.nothing, null];
    if (!found.captions) return ["info", texts.captions_only, "ok"];
    return ["success", texts.all_well, "ok"];
  }

  function say(kind, text) {
    const message = document.createElement("div"), icon = document.createElement("span"), words = document.createElement("p");
    message.className = "fk-message fk-message--" + kind;
    icon.className = "kern-icon kern-icon--" + kind;
    icon.setAttribute("aria-hidden", "true");
    words.textContent = text;
    message.append(icon, words);
    result.replaceChildren(message);
    const lines = Array.from(document.querySelectorAll("[data-check]:not([hidden]) span"), function (line) { return line.textContent; });
    document.getElementById("it-befund").textContent = texts.found + ": " + lines.join(" ");
  }

  async function run() {
    if (running) return;
    running = true;
    start.disabled = true;
    document.getElementById("check-box").hidden = false;
    result.replaceChildren();
    ["picture", "captions", "socket", "http"].concat(settings.origins.length ? ["hosts"] : []).forEach(function (name) { show(name, "runs", texts.runs); });
    const picture = tryPicture();
    const ends = await Promise.all([picture, tryCaptions(picture), trySocket(), tryHttp(), tryHosts()]);
    ["picture", "captions", "socket", "http", "hosts"].forEach(function (name, place) { found[name] = ends[place]; });
    const said = verdict();
    say(said[0], said[1]);
    if (said[2]) post({ type: "report", id: "r", outcome: said[2] }).catch(function () { /* a figure is missing */ });
    start.disabled = false;
    start.querySelector(".kern-label").textContent = texts.again;
    running = false;
  }

  /* --- The trial vote: by the socket where it stands, else over HTTP. --------------------------------------------- */

  const waiting = {};

  function voteBySocket(frame) {
    return new Promise(function (resolve) {
      if (!socket || socket.readyState !== WebSocket.OPEN) return resolve(false);
      waiting[frame.id] = resolve;
      socket.send(JSON.stringify(frame));
      setTimeout(function () { delete waiting[frame.id]; resolve(false); }, 3000);
    });
  }

  form.addEventListener("submit", async function (event) {
    event.preventDefault();
    const refusal = document.getElementById("check-refusal"), voted = document.getElementById("check-voted");
    const chosen = form.querySelector("[name=choices]:checked");
    refusal.hidden = Boolean(chosen);
    refusal.textContent = chosen ? "" : texts.choose;
    if (!chosen) return form.querySelector("[name=choices]").focus();
    voted.textContent = "";
    const frame = { type: "vote", id: "v" + (number += 1), poll: 0, choices: [Number(chosen.value)] };
    if (await voteBySocket(frame)) { voted.textContent = texts.vote_ok_socket; return; }
    const well = await post(frame).catch(function () { return false; });
    voted.textContent = well ? texts.vote_ok_http : texts.vote_no;
  });

  start.hidden = false;
  start.addEventListener("click", run);
})();
