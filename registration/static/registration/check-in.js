/* The door. Every scan goes into a list in this browser first and leaves it when the server has answered: what is scanned
   while the network is away is delivered afterwards, in order, with its moment. The list holds hashes and moments, never a
   name. Texts of others are only ever written as text. */
"use strict";
(function () {
  const settingsPlace = document.getElementById("ci-settings");
  if (!settingsPlace) return;
  const settings = JSON.parse(settingsPlace.textContent), words = settings.words;
  const ANSWER_MS = 4000;          // no answer for so long: the network is away
  const PATIENCE_MS = 2000;        // the person at the door is told before
  const BEAT_MS = 15000, AWAY_MS = 3000;
  const LIST_MS = 300000;          // how often the list of good codes is fetched
  const SHOWN = 6;
  const NEWS_MS = 20000;           // an answer that comes later finds nobody at the door any more
  const STORE = "fk-check-in:" + settings.edition, SOUND = "fk-check-in-sound";
  const LONGEST = 400;

  const form = document.getElementById("ci-form"), field = document.getElementById("wer");
  const place = document.getElementById("ci-answer"), found = document.getElementById("treffer");
  const banner = document.getElementById("ci-banner");
  const csrf = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const language = document.documentElement.lang || "de";
  const clockTime = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Berlin" });

  function filled(text, value) { return text.replace("%s", String(value)); }
  // What the clock of the congress shows: this device's may be wrong, and an exercise has one of its own.
  const shift = settings.now - Date.now();
  function clock(at) { return clockTime.format(new Date(at + shift)) + (language === "de" ? " Uhr" : ""); }

  /* --- What is on a code. registration/codes.py makes the same readings and says why. ------------------------ */

  const CODE = /(badge|ticket|attendee|press|speaker)[_?]([0-9A-Za-z]{49,56})(?![0-9A-Za-z])/i;
  const swapped = function (letters) { return letters.replace(/[yzYZ]/g, function (one) { return { y: "z", z: "y", Y: "Z", Z: "Y" }[one]; }); };
  const turned = function (letters) { return letters.replace(/[A-Za-z]/g, function (one) { return one === one.toUpperCase() ? one.toLowerCase() : one.toUpperCase(); }); };

  function readings(text) {
    const match = CODE.exec(text.slice(0, LONGEST));
    if (!match) return [];
    const letters = match[2], kind = match[1].toLowerCase() + "_";
    return [letters, swapped(letters), turned(letters), turned(swapped(letters))].map(function (read) { return kind + read; });
  }

  function looksLikeOne(text) {
    return CODE.test(text.slice(0, LONGEST)) || text.split(/\s+/).some(function (word) { return word.length > 40; });
  }

  async function hashed(token) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
    return Array.from(new Uint8Array(digest), function (byte) { return byte.toString(16).padStart(2, "0"); }).join("");
  }

  /* A badge is a way in: only its hashes are kept. A ticket is none, and signed, so that the server needs it whole. */
  async function contentOf(text) {
    const tokens = readings(text);
    if (!tokens.length) return { codes: [text.slice(0, LONGEST)] };
    if (tokens[0].startsWith("ticket_") || !window.crypto || !crypto.subtle) return { codes: tokens };
    return { hashes: await Promise.all(tokens.map(hashed)) };
  }

  /* --- The list of what waits ---------------------------------------------------------------------------------- */

  let memory = [], kept = true;

  function waiting() {
    try { memory = JSON.parse(localStorage.getItem(STORE)) || []; } catch { /* not kept: what we remember counts */ }
    return memory;
  }

  function keep(list) {
    memory = list;
    try { localStorage.setItem(STORE, JSON.stringify(list)); kept = true; } catch { kept = false; }
  }

  function add(item) { keep(waiting().concat([item])); }
  function drop(key) { keep(waiting().filter(function (item) { return item.key !== key; })); }

  /* --- Delivering, one after the other -------------------------------------------------------------------------- */

  let delivering = null, away = false, signedOut = false, next = null;
  const answered = new Map();      // key → what to do with the answer

  function deliver() {
    if (!delivering) delivering = settle().finally(function () { delivering = null; });
    return delivering;
  }

  async function settle() {
    const late = waiting().length > 1 || away;
    let done = 0;
    for (let item = waiting()[0]; item; item = waiting()[0]) {
      let answer;
      try { answer = await send(item); } catch { lost(); return; }
      if (answer === null) { signedOut = true; tell(); schedule(AWAY_MS * 5); return; }
      signedOut = false;
      drop(item.key);
      done += 1;
      away = false;
      figures(answer);
      const hear = answered.get(item.key);
      answered.delete(item.key);
      if (hear) hear(answer); else remember(answer, item.at);
      if (late) tell();
    }
    away = false;
    tell(late && done > 0);
    schedule(BEAT_MS);
  }

  async function send(item) {
    const body = Object.assign({}, item, { age: Math.max(0, Date.now() - item.at) });
    delete body.at;
    const answer = await request(settings.scan, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": csrf } });
    if (answer.type === "opaqueredirect" || answer.status === 403) return null;
    if (answer.ok) return answer.json();
    if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
    // Refused for what it is: it would be refused again.
    return { tone: "stop", sentence: words.refused, text: "" };
  }

  function request(address, options) {
    const stop = new AbortController(), timer = setTimeout(function () { stop.abort(); }, ANSWER_MS);
    return fetch(address, Object.assign({ credentials: "same-origin", redirect: "manual", cache: "no-store", signal: stop.signal }, options)).finally(function () { clearTimeout(timer); });
  }

  function lost() {
    away = true;
    tell();
    // Whoever stands at the door is not kept waiting.
    answered.forEach(function (hear) { hear(null); });
    schedule(AWAY_MS);
  }

  function schedule(wait) { clearTimeout(next); next = setTimeout(beat, wait); }

  async function beat() {
    if (waiting().length) return deliver();
    try {
      const answer = await request(settings.state, {});
      signedOut = answer.type === "opaqueredirect" || answer.status === 403;
      if (answer.ok) figures(await answer.json());
      else if (answer.status >= 500) throw new Error(String(answer.status));
      away = false;
      tell();
      schedule(signedOut ? AWAY_MS * 5 : BEAT_MS);
    } catch { lost(); }
  }

  /* --- Codes that are good, for when nobody can be asked. In memory only. ---------------------------------------- */

  let good = null, seen = new Map();

  async function fetchGood() {
    try {
      const answer = await request(settings.allowed, {});
      if (answer.ok) good = new Map(Object.entries((await answer.json()).codes));
    } catch { /* the one before is better than none */ }
    setTimeout(fetchGood, LIST_MS);
  }

  async function kindOf(item) {
    if (!good) return undefined;
    const hashes = item.hashes || (item.codes ? await Promise.all(item.codes.map(hashed)) : []);
    for (const one of hashes) { const kind = good.get(one.slice(0, settings.hash_signs)); if (kind) return kind; }
    return item.person ? undefined : null;
  }

  async function withoutNetwork(item) {
    const sign = item.direction + (item.person || (item.hashes || item.codes)[0]);
    const before = seen.get(sign);
    seen.set(sign, before || item.at);
    if (before) return { tone: "careful", sentence: filled(words.twice, clock(before)), text: words.twice_text };
    const kind = window.crypto && crypto.subtle ? await kindOf(item) : undefined;
    if (kind === null) return { tone: "stop", sentence: words.remembered_unknown, text: words.unknown_text };
    if (kind) return { tone: "kept", sentence: words.remembered_known, text: filled(words.known_text, words["kind_" + kind] || kind) };
    return { tone: "kept", sentence: words.remembered, text: words.text };
  }

  /* --- What is shown ------------------------------------------------------------------------------------------------ */

  function show(answer) {
    place.className = "fk-door" + (answer.tone ? " fk-door--" + answer.tone : "");
    place.querySelector(".fk-door__sentence").textContent = answer.sentence;
    place.querySelector(".fk-door__text").textContent = answer.text;
    beep(answer.tone);
  }

  function remember(answer, at) {
    const list = document.querySelector("#ci-last ol"), entry = document.createElement("li");
    const when = document.createElement("time"), what = document.createElement("span");
    entry.className = "fk-door-last--" + answer.tone;
    when.textContent = clock(at);
    what.textContent = answer.sentence;
    entry.append(when, what);
    list.prepend(entry);
    while (list.children.length > SHOWN) list.lastChild.remove();
    document.getElementById("ci-last").hidden = false;
  }

  function figures(answer) {
    if (answer.present === undefined) return;
    document.getElementById("ci-present").textContent = answer.present;
    document.getElementById("ci-came").textContent = answer.came;
  }

  let settledTimer = null;

  function tell(settled) {
    const count = waiting().length;
    let text = "";
    if (signedOut) text = filled(words.signed_out, count);
    else if (away && count) text = count === 1 ? words.waiting_one : filled(words.waiting, count);
    else if (away) text = words.away;
    else if (count > 1) text = filled(words.settling, count);
    if (text && !kept) text += " " + words.not_kept;
    clearTimeout(settledTimer);
    if (!text && settled) {
      text = words.settled;
      settledTimer = setTimeout(function () { banner.hidden = true; }, 8000);
    }
    const fine = text === words.settled;
    banner.classList.toggle("fk-message--danger", !fine);
    banner.classList.toggle("fk-message--success", fine);
    banner.querySelector(".kern-icon").className = "kern-icon kern-icon--" + (fine ? "success" : "danger");
    const line = banner.querySelector("p");
    if (line.textContent !== text) line.textContent = text;
    banner.hidden = !text;
  }

  /* --- Scanning ------------------------------------------------------------------------------------------------------- */

  function direction() { return form.querySelector("[name=richtung]:checked").value; }

  function newKey() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64; bytes[8] = (bytes[8] & 63) | 128;
    const signs = Array.from(bytes, function (byte) { return byte.toString(16).padStart(2, "0"); }).join("");
    return signs.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  let newest = "";

  async function pass(content) {
    const item = Object.assign({ key: newKey(), at: Date.now(), direction: direction() }, content);
    newest = item.key;
    found.replaceChildren();
    add(item);
    let told = false;
    async function noted() {
      if (told || newest !== item.key) return;
      told = true;
      const answer = await withoutNetwork(item);
      if (newest === item.key) { show(answer); }
      tell();
    }
    const timer = setTimeout(noted, PATIENCE_MS);
    answered.set(item.key, function (answer) {
      clearTimeout(timer);
      if (answer === null) return noted();
      told = true;
      remember(answer, item.at);
      if (newest !== item.key) return;
      if (Date.now() - item.at < NEWS_MS) show(answer);
      else show({ tone: "", sentence: words.ready, text: words.ready_text });
    });
    if (away) { clearTimeout(timer); noted(); }
    deliver();
  }

  form.addEventListener("submit", async function (event) {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return field.focus();
    if (looksLikeOne(text)) {
      field.value = "";
      field.focus();
      return pass(await contentOf(text));
    }
    field.select();
    if (window.htmx) window.htmx.ajax("POST", form.getAttribute("action") || location.pathname, { source: form, target: "#treffer", swap: "innerHTML" });
  });

  document.addEventListener("submit", function (event) {
    const chosen = event.target.closest("form[data-person]");
    if (!chosen) return;
    event.preventDefault();
    field.value = "";
    field.focus();
    pass({ person: Number(chosen.dataset.person) });
  });

  form.addEventListener("change", function (event) { if (event.target.name === "richtung") { found.replaceChildren(); field.focus(); } });

  /* A scanner types wherever the focus is: let it be in the field, unless somebody is at another control. */
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1) return;
    if (!event.target.closest("input, textarea, select, button, a, summary")) field.focus();
  });

  /* --- Camera: where the browser can read codes by itself ------------------------------------------------------------- */

  const cameraButton = document.getElementById("ci-camera"), video = document.getElementById("ci-video");
  let stream = null, reading = null;
  const justRead = new Map();

  function label(button, text) { button.querySelector(".kern-label").textContent = text; }

  async function startCamera() {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
    } catch {
      stopCamera();
      return show({ tone: "careful", sentence: words.camera_refused, text: "" });
    }
    label(cameraButton, words.camera_stop);
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    reading = setInterval(async function () {
      let codes = [];
      try { codes = await detector.detect(video); } catch { return; }
      codes.forEach(function (code) {
        const now = Date.now(), last = justRead.get(code.rawValue) || 0;
        justRead.set(code.rawValue, now);
        // The same badge stays before the camera for a while.
        if (now - last > 4000) contentOf(code.rawValue).then(pass);
      });
    }, 200);
  }

  function stopCamera() {
    clearInterval(reading);
    if (stream) stream.getTracks().forEach(function (track) { track.stop(); });
    stream = null;
    video.srcObject = null;
    video.hidden = true;
    label(cameraButton, words.camera);
  }

  if ("BarcodeDetector" in window && navigator.mediaDevices) {
    cameraButton.hidden = false;
    cameraButton.addEventListener("click", function () { if (stream) stopCamera(); else startCamera(); });
  }

  /* --- Sound: high for good, twice for careful, low for stop ------------------------------------------------------------ */

  const soundButton = document.getElementById("ci-sound");
  let audio = null, sound = false;

  function beep(tone) {
    if (!sound || !audio) return;
    const notes = { good: [[880, 0, .12]], kept: [[660, 0, .12]], careful: [[520, 0, .12], [520, .2, .12]], stop: [[180, 0, .5]] }[tone] || [];
    notes.forEach(function (note) {
      const voice = audio.createOscillator(), volume = audio.createGain();
      voice.frequency.value = note[0];
      volume.gain.value = .15;
      voice.connect(volume).connect(audio.destination);
      voice.start(audio.currentTime + note[1]);
      voice.stop(audio.currentTime + note[1] + note[2]);
    });
  }

  function setSound(on) {
    sound = on;
    // A browser lets a page sound only after somebody has touched it.
    if (on && !audio) { try { audio = new AudioContext(); } catch { sound = false; } }
    soundButton.setAttribute("aria-pressed", String(sound));
    label(soundButton, sound ? words.sound_on : words.sound_off);
    try { localStorage.setItem(SOUND, sound ? "1" : ""); } catch { /* for this page only */ }
  }

  if ("AudioContext" in window) {
    soundButton.hidden = false;
    soundButton.addEventListener("click", function () { setSound(!sound); beep("good"); field.focus(); });
    try { if (localStorage.getItem(SOUND)) setSound(true); } catch { /* off */ }
  }

  /* --- Beginning -------------------------------------------------------------------------------------------------------- */

  window.addEventListener("online", function () { schedule(0); });
  window.addEventListener("offline", function () { away = true; tell(); });
  window.addEventListener("beforeunload", function (event) {
    // Without network this page cannot be loaded again; without a memory what waits would be lost.
    if (away || (waiting().length && !kept)) event.preventDefault();
  });
  window.CheckIn = { readings: readings, waiting: waiting };
  fetchGood();
  schedule(waiting().length ? 0 : BEAT_MS);
})();
