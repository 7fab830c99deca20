// The page at work: playing, seeking, colours that follow, lists, keys.

const root = document.documentElement;
const audio = element("audio");
const timeline = element("timeline");
const playhead = element("playhead");
const pointer = element("pointer");
const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const darkness = matchMedia("(prefers-color-scheme: dark)");
const STEP = Math.min(5, duration / 20);
const COLOUR_SECONDS = 0.3; // in which a colour covers two thirds of its way to the next

let unheard = 0; // the position while there is no song to play
let drawn = { played: null, foot: 0 };
let shown = null; // what the page shows now: colours as light, and the passage
let lastFrame = null;

const hasSong = () => audio.hasAttribute("src");
const position = () => clamp(hasSong() ? audio.currentTime : unheard, 0, duration);

function seek(time) {
  unheard = clamp(time, 0, duration);
  if (hasSong()) audio.currentTime = unheard;
  follow();
}

function toggle() {
  if (!hasSong()) element("file").focus();
  else if (audio.paused) audio.play().catch(() => say("The song could not be started; press play."));
  else audio.pause();
}

const say = (sentence) => {
  element("message").textContent = sentence;
};

// --- following the playback -------------------------------------------------------------------

let awaited = 0;
function follow() {
  if (!awaited) awaited = requestAnimationFrame(frame);
}

function frame(now) {
  awaited = 0;
  const time = position();
  const passage = passageAt(time);
  const values = likelihoodAt(time);
  showPosition(time, values, passage);
  const settled = showColours(values, passage, now);
  if (!audio.paused || !settled) follow();
  else lastFrame = null;
}

function showPosition(time, values, passage) {
  const x = (time / duration) * timeline.clientWidth;
  playhead.style.transform = `translateX(${x}px)`;
  drawn.played.setAttribute("width", x);
  const { mood } = segments[passage];
  const text = clock(time);
  element("elapsed").textContent = text;
  element("now-share").textContent = percent(values[moods.indexOf(mood)]);
  timeline.setAttribute("aria-valuenow", time.toFixed(1));
  timeline.setAttribute("aria-valuetext", `${text}, ${mood}`);
  if (shown?.passage !== passage) showPassage(passage);
}

function showPassage(passage) {
  const { mood } = segments[passage];
  root.dataset.mood = mood;
  element("now-mood").textContent = named(mood);
  element("now").style.setProperty("--own", `var(--${mood})`);
  const list = element("passages");
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  const button = list.children[passage].firstElementChild;
  button.setAttribute("aria-current", "true");
  if (!list.matches(":hover, :focus-within")) {
    const item = list.children[passage];
    list.scrollTop = item.offsetTop - list.offsetTop - 3 * item.offsetHeight;
  }
}

/** Bring the colours nearer to those of the moment; tells whether they have arrived. */
function showColours(values, passage, now) {
  const own = moods.indexOf(segments[passage].mood);
  const beside = values.indexOf(Math.max(...values.filter((_, mood) => mood !== own)));
  const still = stillness.matches;
  const aim = still ? [linear[own], linear[own]] : [blend(values, own), linear[beside]];
  const passed = lastFrame === null ? 1 / 60 : Math.min((now - lastFrame) / 1000, 0.1);
  lastFrame = now;
  const share = still || !shown ? 1 : 1 - Math.exp(-passed / COLOUR_SECONDS);
  const lights = aim.map((light, place) =>
    light.map((value, channel) => {
      const before = shown ? shown.lights[place][channel] : value;
      return before + (value - before) * share;
    }),
  );
  const settled = lights.flat().every((value, i) => Math.abs(value - aim.flat()[i]) < 0.001);
  shown = { lights, passage };
  root.style.setProperty("--mood", css(lights[0]));
  root.style.setProperty("--mood-beside", css(lights[1]));
  return settled;
}

// --- what is drawn once -----------------------------------------------------------------------

function node(tag, name, text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.textContent = text;
  return made;
}

function moodName(mood) {
  const dot = node("span", "dot");
  dot.setAttribute("aria-hidden", "true");
  return [dot, node("span", "name", named(mood))];
}

function listShares() {
  const { breakdown, probabilities } = numbers;
  const ranked = [...moods].sort(
    (a, b) => breakdown[b] - breakdown[a] || probabilities[b] - probabilities[a],
  );
  for (const mood of ranked) {
    const item = node("li");
    item.style.setProperty("--own", `var(--${mood})`);
    const name = node("span", "name");
    name.append(...moodName(mood));
    const figure = node("span", breakdown[mood] ? "figure" : "figure none", percent(breakdown[mood]));
    const likely = node("span", "unseen", `, ${percent(probabilities[mood])} likely for the whole song`);
    figure.append(likely);
    const bar = node("span", "bar");
    bar.setAttribute("aria-hidden", "true");
    const share = node("span");
    share.style.width = `${breakdown[mood] * 100}%`;
    const mark = node("i");
    mark.style.left = `${probabilities[mood] * 100}%`;
    bar.append(share, mark);
    item.append(name, figure, bar);
    element("shares").append(item);
  }
}

function listPassages() {
  for (const { start, end, mood } of segments) {
    const button = node("button");
    button.type = "button";
    button.style.setProperty("--own", `var(--${mood})`);
    button.setAttribute("aria-label", `${named(mood)}, from ${clock(start)} to ${clock(end)}`);
    const length = clock(end - start);
    button.append(node("time", "", clock(start)), ...moodName(mood), node("span", "length", length));
    button.addEventListener("click", () => seek(start));
    const item = node("li");
    item.append(button);
    element("passages").append(item);
  }
}

function draw() {
  if (!timeline.clientWidth) return;
  drawn = drawTimeline(timeline.clientWidth);
  playhead.style.height = `${drawn.foot + 6}px`;
  pointer.style.height = `${drawn.foot}px`;
  follow();
}

// --- the song ---------------------------------------------------------------------------------

/** Turn the embedded data URL into a blob: browsers seek in those, and have no limit on them. */
function embeddedSong() {
  const holder = element("song");
  const [head, text] = holder.textContent.split(",", 2);
  holder.remove();
  if (!text) return null;
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let place = 0; place < packed.length; place += 1) bytes[place] = packed.charCodeAt(place);
  return new Blob([bytes], { type: head.slice("data:".length, head.indexOf(";")) });
}

function load(blob) {
  if (hasSong()) URL.revokeObjectURL(audio.src);
  say("");
  audio.src = URL.createObjectURL(blob);
  if (unheard) audio.currentTime = unheard;
  element("drop").hidden = true;
  element("transport").hidden = false;
}

function unload() {
  audio.removeAttribute("src");
  element("drop").hidden = false;
  element("transport").hidden = true;
}

audio.addEventListener("error", () => {
  if (!hasSong()) return;
  unload();
  say("This browser cannot play that file; try a copy of the song as MP3 or M4A.");
});
audio.addEventListener("loadedmetadata", () => {
  if (Math.abs(audio.duration - duration) > 2) {
    say(`This file is ${clock(audio.duration)} long and the song was ${clock(duration)}: is it the same?`);
  }
});
for (const event of ["play", "pause", "ended"]) {
  audio.addEventListener(event, () => {
    root.toggleAttribute("data-playing", !audio.paused);
    element("play").setAttribute("aria-label", audio.paused ? "Play" : "Pause");
    follow();
  });
}
for (const event of ["seeked", "timeupdate"]) audio.addEventListener(event, follow);
audio.addEventListener("volumechange", () => {
  root.toggleAttribute("data-muted", audio.muted);
  element("mute").setAttribute("aria-pressed", audio.muted);
  element("volume").value = audio.muted ? 0 : audio.volume;
});

element("file").addEventListener("change", (event) => {
  if (event.target.files.length) load(event.target.files[0]);
});
// Wherever a file is dropped, the browser must not leave this page to open it.
addEventListener("dragover", (event) => {
  event.preventDefault();
  root.dataset.dragging = "";
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) delete root.dataset.dragging;
});
addEventListener("drop", (event) => {
  event.preventDefault();
  delete root.dataset.dragging;
  const [file] = event.dataTransfer.files;
  if (file && !hasSong()) load(file);
});

// --- controls ---------------------------------------------------------------------------------

const toPassage = (passage) => seek(starts[clamp(passage, 0, starts.length - 1)]);
function back() {
  const passage = passageAt(position());
  const begun = position() - starts[passage] > Math.min(2, duration / 10);
  toPassage(begun ? passage : passage - 1);
}
function next() {
  toPassage(passageAt(position()) + 1);
}
function mute() {
  audio.muted = !audio.muted;
}

element("play").addEventListener("click", toggle);
element("back").addEventListener("click", back);
element("next").addEventListener("click", next);
element("mute").addEventListener("click", mute);
element("volume").addEventListener("input", (event) => {
  audio.volume = event.target.value;
  audio.muted = audio.volume === 0;
});

const timeUnder = (event) => {
  const box = timeline.getBoundingClientRect();
  return clamp((event.clientX - box.left) / box.width, 0, 1) * duration;
};
let dragging = false;
timeline.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  dragging = true;
  timeline.setPointerCapture(event.pointerId);
  seek(timeUnder(event));
});
timeline.addEventListener("pointermove", (event) => {
  const time = timeUnder(event);
  if (dragging) seek(time);
  pointer.hidden = event.pointerType === "touch";
  const share = time / duration;
  pointer.style.transform = `translateX(${share * timeline.clientWidth}px)`;
  pointer.style.setProperty("--shift", `${-100 * share}%`);
  pointer.firstElementChild.textContent = `${clock(time)} · ${segments[passageAt(time)].mood}`;
});
for (const event of ["pointerup", "pointercancel"]) {
  timeline.addEventListener(event, () => {
    dragging = false;
  });
}
timeline.addEventListener("pointerleave", () => {
  pointer.hidden = true;
});

const KEYS = {
  ArrowLeft: () => seek(position() - STEP),
  ArrowRight: () => seek(position() + STEP),
  m: mute,
  M: mute,
};
const SLIDER_KEYS = {
  ArrowDown: KEYS.ArrowLeft,
  ArrowUp: KEYS.ArrowRight,
  PageDown: back,
  PageUp: next,
  Home: () => seek(0),
  End: () => seek(duration),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input")) return;
  let action = KEYS[event.key];
  if (event.target === timeline) action ??= SLIDER_KEYS[event.key];
  // On a button or a link, the space bar and Enter belong to it.
  if (event.key === " " && !event.target.matches("button, a")) action = toggle;
  if (!action) return;
  event.preventDefault();
  action();
});

function showTheme() {
  const dark = (root.dataset.theme ?? (darkness.matches ? "dark" : "light")) === "dark";
  element("theme").setAttribute("aria-label", dark ? "Use light colours" : "Use dark colours");
  return dark;
}
element("theme").addEventListener("click", () => {
  root.dataset.theme = showTheme() ? "light" : "dark";
  showTheme();
});
darkness.addEventListener("change", showTheme);

// --- start ------------------------------------------------------------------------------------

moods.forEach((mood, place) => root.style.setProperty(`--${mood}`, colours[place]));
element("total").textContent = clock(duration);
timeline.setAttribute("aria-valuemax", duration.toFixed(1));
element("download").href = URL.createObjectURL(
  new Blob([element("numbers").textContent], { type: "application/json" }),
);
showTheme();
listShares();
listPassages();
new ResizeObserver(draw).observe(timeline);
draw();
const song = embeddedSong();
if (song) load(song);
else unload();
if ("mediaSession" in navigator) {
  navigator.mediaSession.metadata = new MediaMetadata({ title: element("title").textContent });
  navigator.mediaSession.setActionHandler("seekto", (details) => seek(details.seekTime));
  navigator.mediaSession.setActionHandler("previoustrack", back);
  navigator.mediaSession.setActionHandler("nexttrack", next);
}
