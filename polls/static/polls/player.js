/* The picture of a stage: follows the Regie to its source, covers it with a slate, tries again for ever.
   Quality, captions to read and the interpreter beside it are kept in this browser. Addresses that end are asked for anew. */
"use strict";
(function () {
  const place = document.getElementById("live-settings");
  const video = document.querySelector("#player video");
  if (!place || !video) return;
  const page = JSON.parse(place.textContent), settings = page.player, texts = settings.texts;
  const KEPT = "player", AHEAD_MS = 150000, SPREAD_MS = 60000, LINES_KEPT = 200;
  const LEAST_MS = 2000, MOST_MS = 30000;
  const at = function (id) { return document.getElementById(id); };
  const bar = at("player-bar"), fault = at("player-fault"), slate = at("live-slate"), off = at("slate-off");
  const quality = at("player-quality"), captionsButton = at("player-captions"), readButton = at("player-read"), panel = at("captions");
  const watch = at("watch"), signPlace = at("sign"), signPick = at("player-sign"), sidePick = at("player-side");

  /* --- What the viewer chose, kept here ---------------------------------------------------------------------- */

  const chosen = { quality: "auto", captions: true, read: false, sign: "off", side: "right" };
  try { Object.assign(chosen, JSON.parse(localStorage.getItem(KEPT) || "{}")); } catch { /* not kept */ }
  function keep(name, value) {
    chosen[name] = value;
    try { localStorage.setItem(KEPT, JSON.stringify(chosen)); } catch { /* not kept */ }
  }

  /* --- Addresses: what was loaded keeps its name, and is fetched with the newest signature -------------------- */

  let streams = settings.streams, source = "main", ended = false;
  const folder = function (address) { return address.slice(0, address.split("?")[0].lastIndexOf("/") + 1); };
  const known = []; // [folder as it was loaded, which stream]

  function remember() {
    ["main", "backup", "sign"].forEach(function (name) { if (streams[name]) known.push([new URL(folder(streams[name]), location.href).href, name]); });
    if (known.length > 60) known.splice(0, 3);
  }
  function fresh(address) {
    const found = known.findLast(function (pair) { return address.startsWith(pair[0]); });
    return found && streams[found[1]] ? new URL(folder(streams[found[1]]), location.href).href + address.slice(found[0].length) : address;
  }
  async function renew() {
    if (ended) return;
    try {
      const answer = await fetch(settings.renew, { credentials: "same-origin", redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect" || answer.status === 403 || answer.status === 404) return end();
      if (answer.ok) { streams = await answer.json(); remember(); }
    } catch { /* the next time */ }
    soon();
  }
  function soon() {
    const left = streams.until * 1000 - Date.now() - AHEAD_MS + Math.random() * SPREAD_MS;
    setTimeout(renew, Math.max(15000 + Math.random() * 15000, left));
  }
  remember();
  // Addresses without a signature never end: nobody need ask.
  if (["main", "backup", "sign"].some(function (name) { return (streams[name] || "").includes("/" + streams.until + "/"); })) soon();

  /* --- One picture: hls.js, else the browser itself ------------------------------------------------------------ */

  function soundOnly(text) {
    const lines = text.split("\n"), kept = [];
    for (let number = 0; number < lines.length; number += 1) {
      if (lines[number].startsWith("#EXT-X-STREAM-INF") && /RESOLUTION=|avc1|hvc1|hev1|av01|vp09/.test(lines[number])) number += 1;
      else kept.push(lines[number]);
    }
    const some = kept.some(function (line) { return line.startsWith("#EXT-X-STREAM-INF"); });
    return some ? kept.join("\n") : text;
  }

  function Picture(element, isMain) {
    let hls = null, address = "", attempts = 0, timer = null;
    const usesHls = window.Hls && window.Hls.isSupported();

    function load(to) {
      address = to;
      clearTimeout(timer);
      if (hls) { hls.destroy(); hls = null; }
      if (!to) return;
      if (!usesHls) { if (element.getAttribute("src") !== to) element.src = to; return; }
      element.removeAttribute("src");
      class Loader extends window.Hls.DefaultConfig.loader {
        load(context, config, callbacks) {
          const wanted = isMain && context.type === "manifest" && chosen.quality === "sound";
          const given = callbacks.onSuccess;
          const more = wanted ? Object.assign({}, callbacks, { onSuccess: function (response, ...rest) { response.data = soundOnly(response.data); given(response, ...rest); } }) : callbacks;
          super.load(context, config, more);
        }
      }
      hls = new window.Hls({
        workerPath: settings.worker, pLoader: Loader, renderTextTracksNatively: true,
        xhrSetup: function (request, asked) { request.open("GET", fresh(asked), true); },
      });
      hls.on(window.Hls.Events.MANIFEST_PARSED, function () { attempts = 0; if (isMain) { offerLevels(); choose(); } });
      hls.on(window.Hls.Events.FRAG_LOADED, function () { attempts = 0; if (isMain) say(""); });
      hls.on(window.Hls.Events.SUBTITLE_TRACKS_UPDATED, function () { if (isMain && hls) { hls.subtitleTrack = hls.subtitleTracks.length ? 0 : -1; if (bar) setTimeout(showCaptions, 0); } });
      hls.on(window.Hls.Events.ERROR, function (_, trouble) {
        if (!trouble.fatal || !hls) return;
        if (trouble.type === window.Hls.ErrorTypes.MEDIA_ERROR && attempts === 0) { attempts += 1; hls.recoverMediaError(); return; }
        again();
      });
      hls.loadSource(to);
      hls.attachMedia(element);
    }
    /* For ever, and spread: two thousand players must not come back at the same moment. */
    function again() {
      if (ended || !address) return;
      if (isMain) say(texts.again);
      attempts += 1;
      const longest = Math.min(MOST_MS, LEAST_MS * Math.pow(2, attempts));
      const wasPlaying = !element.paused;
      clearTimeout(timer);
      timer = setTimeout(function () { load(fresh(new URL(address, location.href).href)); if (wasPlaying) resume(); }, LEAST_MS / 2 + Math.random() * longest);
    }
    function resume() { element.play().catch(function () { /* the person presses play */ }); }
    if (!usesHls) element.addEventListener("error", function () { if (address) { element.removeAttribute("src"); again(); } });

    return { load: load, resume: resume, hls: function () { return hls; }, end: function () { clearTimeout(timer); load(""); element.removeAttribute("src"); element.load(); } };
  }

  const main = Picture(video, true);
  const signVideo = signPlace ? signPlace.querySelector("video") : null, sign = signVideo ? Picture(signVideo, false) : null;
  const say = function (text) { if (fault && fault.textContent !== text) fault.textContent = text; };

  /* --- Quality -------------------------------------------------------------------------------------------------- */

  function offerLevels() {
    if (!quality) return;
    quality.querySelectorAll("[data-level]").forEach(function (option) { option.remove(); });
    main.hls().levels.forEach(function (level, number) {
      if (!level.height || main.hls().levels.length < 2) return;
      const option = new Option(texts.lines.replace("%s", level.height), "level-" + level.height);
      option.dataset.level = number;
      quality.insertBefore(option, quality.querySelector("[value=low]"));
    });
    if (!Array.from(quality.options).some(function (option) { return option.value === chosen.quality; })) chosen.quality = "auto";
    quality.value = chosen.quality;
  }
  function choose() {
    const hls = main.hls(), picked = quality && quality.selectedOptions[0];
    if (!hls || !picked) return;
    const least = hls.levels.reduce(function (best, level, number) { return level.bitrate < hls.levels[best].bitrate ? number : best; }, 0);
    if (picked.value === "low" || picked.value === "sound") hls.nextLevel = least;
    else hls.nextLevel = picked.dataset.level === undefined ? -1 : Number(picked.dataset.level);
  }
  function coverForSound() { const cover = at("player-sound"); if (cover) cover.hidden = chosen.quality !== "sound"; }
  if (quality) quality.addEventListener("change", function () {
    const was = chosen.quality;
    keep("quality", quality.value);
    coverForSound();
    if ((was === "sound") !== (chosen.quality === "sound")) { const playing = !video.paused, time = video.currentTime; main.load(streams[source]); video.currentTime = time; if (playing) main.resume(); }
    else choose();
  });

  /* --- Captions: in the picture, and as lines to read, for braille and large type --------------------------------- */

  const track = function () { return Array.from(video.textTracks).find(function (one) { return one.kind === "captions" || one.kind === "subtitles"; }); };
  let heard = null;
  function showCaptions() {
    const found = track();
    captionsButton.hidden = readButton.hidden = !found;
    captionsButton.setAttribute("aria-pressed", String(chosen.captions));
    readButton.setAttribute("aria-pressed", String(chosen.read));
    panel.hidden = !found || !chosen.read;
    if (!found) return;
    found.mode = chosen.captions ? "showing" : chosen.read ? "hidden" : "disabled";
    if (main.hls()) main.hls().subtitleDisplay = chosen.captions;
    if (heard === found) return;
    heard = found;
    found.addEventListener("cuechange", function () {
      Array.from(found.activeCues || []).forEach(function (cue) { line(cue.text.replace(/<[^>]*>/g, "")); });
    });
  }
  function line(text) {
    const last = panel.lastElementChild;
    if (!text || (last && last.textContent === text)) return;
    const atEnd = panel.scrollHeight - panel.scrollTop - panel.clientHeight < 40, added = document.createElement("p");
    added.textContent = text;
    at("captions-none").hidden = true;
    panel.append(added);
    while (panel.childElementCount > LINES_KEPT) panel.children[1].remove();
    if (atEnd) panel.scrollTop = panel.scrollHeight;
  }
  if (bar) {
    captionsButton.addEventListener("click", function () { keep("captions", !chosen.captions); showCaptions(); });
    readButton.addEventListener("click", function () { keep("read", !chosen.read); showCaptions(); });
    video.textTracks.addEventListener("addtrack", function () { setTimeout(showCaptions, 0); });
  }

  /* --- The interpreter beside the picture ------------------------------------------------------------------------- */

  function showSign() {
    if (!sign) return;
    signPick.value = chosen.sign;
    sidePick.value = chosen.side;
    const on = chosen.sign !== "off";
    watch.dataset.sign = chosen.sign;
    watch.dataset.side = chosen.side;
    signPlace.hidden = !on;
    at("player-side-pick").hidden = !on;
    if (on && !signPlace.dataset.loaded) { signPlace.dataset.loaded = "1"; sign.load(streams.sign); }
    if (!on && signPlace.dataset.loaded) { delete signPlace.dataset.loaded; sign.end(); }
    if (on && !video.paused) sign.resume();
  }
  if (sign) {
    signPick.addEventListener("change", function () { keep("sign", signPick.value); showSign(); });
    sidePick.addEventListener("change", function () { keep("side", sidePick.value); showSign(); });
    video.addEventListener("play", function () { if (chosen.sign !== "off") sign.resume(); });
    video.addEventListener("pause", function () { signVideo.pause(); });
    video.addEventListener("seeked", function () { if (Number.isFinite(video.duration)) signVideo.currentTime = video.currentTime; });
  }

  /* --- Keys ---------------------------------------------------------------------------------------------------------- */

  video.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      k: function () { if (video.paused) main.resume(); else video.pause(); },
      m: function () { video.muted = !video.muted; },
      f: function () { if (document.fullscreenElement) document.exitFullscreen(); else video.requestFullscreen().catch(function () { /* not here */ }); },
      c: function () { if (bar) captionsButton.click(); },
      r: function () { if (bar) readButton.click(); },
    };
    if (Object.hasOwn(acts, event.key)) { event.preventDefault(); acts[event.key](); }
  });

  /* --- The Regie ------------------------------------------------------------------------------------------------------ */

  let playing = "", covered = slate.hidden ? "" : slate.textContent;
  function play(name) {
    source = name;
    const address = streams[name], key = streams.main === streams.backup ? "main" : name;
    if (!address || key === playing) return;
    const folded = video.closest("details:not([open])");
    if (folded) {
      // In the hall the picture is fetched only for whoever unfolds it.
      folded.ontoggle = function () { folded.ontoggle = null; play(source); };
      return;
    }
    const again = playing !== "" && !video.paused;
    playing = key;
    main.load(address);
    if (again) main.resume();
  }
  function cover(text) {
    if (text === covered) return;
    covered = text;
    slate.hidden = !text;
    slate.querySelector("strong").textContent = text;
  }
  off.addEventListener("click", function () { slate.hidden = true; video.focus(); });
  function end() {
    ended = true;
    main.end();
    if (sign) sign.end();
    if (bar) bar.hidden = true;
  }

  window.Player = {
    follow: function (stage, slateText) { if (!ended) { play(stage.source); cover(slateText); } },
    end: end,
  };
  off.hidden = false;
  if (bar) { bar.hidden = false; if (quality && ["low", "sound"].includes(chosen.quality)) quality.value = chosen.quality; }
  coverForSound();
  showSign();
  if (bar) showCaptions();
  covered = slate.hidden ? "" : slate.querySelector("strong").textContent;
  const shown = JSON.parse(at("live-state").textContent).stage;
  if (shown) play(shown.source);
})();
