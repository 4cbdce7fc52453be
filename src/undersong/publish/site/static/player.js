"use strict";
/* The player: the browser's own audio element with calmer keys, chapters and a transcript.
 *
 * Without this script the page keeps the browser's controls, and chapters are links into the sound.
 */
(() => {
  const by = (id) => document.getElementById(id);
  const audio = by("sound");
  const length = Number(by("player").dataset.length);
  const step = 15;
  const quiet = window.matchMedia("(prefers-reduced-motion: reduce)");
  const cues = [...document.querySelectorAll(".cue")];
  const chapters = [...document.querySelectorAll("#chapter-list a")];
  const placed = (list) => list.map((item) => Number(item.dataset.start));
  const cueStarts = placed(cues);
  const chapterStarts = placed(chapters);

  /** Index of the last start at or before `at`; -1 before the first. */
  const lastBefore = (starts, at) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= at + 0.01) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };

  const two = (value) => String(value).padStart(2, "0");
  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  };

  const seek = (at) => {
    audio.currentTime = Math.min(Math.max(at, 0), Number.isFinite(audio.duration) ? audio.duration : length);
    show();
  };
  const play = () => audio.play().catch(() => {});
  const toggle = () => (audio.paused ? play() : audio.pause());

  /* What is shown follows the sound's own clock. */
  const mark = (list, index) => {
    list.forEach((item, k) => {
      if (k === index) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    });
  };
  const place = { cue: -2, chapter: -2 };
  const show = () => {
    const at = audio.currentTime;
    const chapter = lastBefore(chapterStarts, at);
    const title = chapters[chapter]?.querySelector("span").textContent ?? "";
    by("position").value = at;
    by("position").setAttribute("aria-valuetext",
      [filled(said.at, { at: clock(at), of: clock(length) }), title].filter(Boolean).join(", "));
    by("position").style.setProperty("--done", `${(100 * at) / length}%`);
    by("now").textContent = clock(at);
    if (chapter !== place.chapter) {
      place.chapter = chapter;
      mark(chapters, chapter);
      by("chapter").textContent = title;
    }
    const cue = lastBefore(cueStarts, at); // stays through the silence after it
    if (cue !== place.cue) {
      place.cue = cue;
      mark(cues, cue);
      if (cue >= 0) follow(cues[cue]);
    }
  };

  /* The transcript scrolls by itself unless somebody reads elsewhere in it. */
  const words = by("transcript-words");
  let readUntil = 0;
  const follow = (cue) => {
    if (!by("follow").checked || Date.now() < readUntil) return;
    const top = cue.offsetTop - (words.clientHeight - cue.offsetHeight) / 2;
    words.scrollTo({ top, behavior: quiet.matches ? "instant" : "smooth" });
  };
  const read = () => { readUntil = Date.now() + 8000; };

  /** Make the phrases seek: a click anywhere on one, or one stop of the Tab key and the arrows. */
  const bindTranscript = () => {
    if (!words) return;
    words.classList.add("live");
    by("follow-label").hidden = false;
    ["wheel", "touchmove"].forEach((name) => words.addEventListener(name, read, { passive: true }));
    const stops = cues.map((cue) => {
      const stop = document.createElement("button");
      stop.type = "button";
      stop.tabIndex = -1;
      stop.append(...cue.querySelector("time").childNodes);
      cue.querySelector("time").append(stop);
      return stop;
    });
    if (stops.length) stops[0].tabIndex = 0;
    const reach = (index) => {
      stops.forEach((stop, k) => { stop.tabIndex = k === index ? 0 : -1; });
      stops[index].focus();
    };
    words.addEventListener("click", (event) => {
      const cue = event.target.closest(".cue");
      if (!cue || String(window.getSelection())) return;
      readUntil = 0;
      seek(Number(cue.dataset.start));
      play();
    });
    words.addEventListener("keydown", (event) => {
      const index = stops.indexOf(document.activeElement);
      const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: stops.length - 1 }[event.key];
      if (index < 0 || next === undefined) return;
      event.preventDefault();
      read();
      reach(Math.min(Math.max(next, 0), stops.length - 1));
    });
  };

  const bindChapters = () => {
    chapters.forEach((link) => {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        seek(Number(link.dataset.start));
        play();
      });
      if (Number(link.dataset.start) > 0) {
        const tick = document.createElement("i");
        tick.style.left = `${(100 * Number(link.dataset.start)) / length}%`;
        by("ticks").append(tick);
      }
    });
  };

  /* Sleep: the sound can stop by itself, softly, and the page can go dark. */
  const FADE_S = 20;
  let stopAt = 0;
  let fading = 0;
  const rest = () => {
    const left = (stopAt - Date.now()) / 1000;
    if (!stopAt || audio.paused) return;
    audio.volume = Math.min(1, Math.max(0, left / FADE_S));
    if (left <= 0) {
      audio.pause();
      setStop(0);
    }
  };
  const setStop = (minutes) => {
    clearInterval(fading);
    audio.volume = 1;
    by("stop").value = String(minutes);
    stopAt = minutes ? Date.now() + minutes * 60000 : 0;
    fading = minutes ? setInterval(rest, 250) : 0;
  };
  const darken = (dark) => {
    by("night").hidden = !dark;
    document.querySelectorAll("body > header, body > footer, article").forEach((part) => { part.inert = dark; });
    (dark ? by("night") : by("dim")).focus();
  };

  /* Space and arrows work on the whole page, except where they mean something already. */
  const OWN = "input, select, textarea, button, a, summary, dialog, [contenteditable]";
  const MOVES = { ArrowLeft: -step, ArrowRight: step };
  const press = (event) => {
    const plain = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
    if (!plain || event.defaultPrevented || event.target.closest(OWN)) return;
    if (event.key === " ") toggle();
    else if (event.key in MOVES) seek(audio.currentTime + MOVES[event.key]);
    else return;
    event.preventDefault();
  };

  const tellSystem = () => {
    if (!("mediaSession" in navigator)) return;
    const picture = document.querySelector(".art");
    navigator.mediaSession.metadata = new MediaMetadata({
      title: document.querySelector("h1").textContent,
      artist: document.querySelector(".home").textContent,
      artwork: picture.src.startsWith("http") ? [{ src: picture.src }] : [], // not from a disk
    });
    const jump = (by) => () => {
      const next = place.chapter + by;
      if (chapters[next]) seek(chapterStarts[next]);
    };
    const handlers = {
      play, pause: () => audio.pause(),
      seekbackward: () => seek(audio.currentTime - step),
      seekforward: () => seek(audio.currentTime + step),
      previoustrack: jump(-1), nexttrack: jump(1),
    };
    Object.entries(handlers).forEach(([name, handler]) => navigator.mediaSession.setActionHandler(name, handler));
  };

  const showState = () => {
    by("play").setAttribute("aria-label", audio.paused ? said.play : said.pause);
    by("player").classList.toggle("playing", !audio.paused);
  };

  const bind = () => {
    audio.controls = false;
    by("deck").hidden = by("keys-hint").hidden = false;
    by("play").addEventListener("click", toggle);
    by("back").addEventListener("click", () => seek(audio.currentTime - step));
    by("forward").addEventListener("click", () => seek(audio.currentTime + step));
    by("position").addEventListener("input", (event) => seek(Number(event.target.value)));
    by("speed").addEventListener("change", (event) => { audio.playbackRate = Number(event.target.value); });
    by("stop").addEventListener("change", (event) => setStop(Number(event.target.value)));
    by("dim").addEventListener("click", () => darken(true));
    by("night").addEventListener("click", () => darken(false));
    by("night").addEventListener("keydown", (event) => { if (event.key === "Escape") darken(false); });
    document.addEventListener("keydown", press);
    ["timeupdate", "seeked", "loadedmetadata"].forEach((name) => audio.addEventListener(name, show));
    ["play", "pause", "ended"].forEach((name) => audio.addEventListener(name, showState));
    audio.addEventListener("playing", () => { by("trouble").hidden = true; });
    const fail = () => { by("trouble").hidden = false; };
    audio.addEventListener("error", fail);
    if (audio.error) fail(); // it may have failed before this script came
  };

  bind();
  bindTranscript();
  bindChapters();
  tellSystem();
  showState();
  show();
})();
