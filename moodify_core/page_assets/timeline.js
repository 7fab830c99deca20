// The timeline: moods stacked over time, a ribbon of the passages, the waveform, the time axis.

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800];
const INITIAL_NEEDS = 18;
const chart = element("chart");
const ruler = document.createElement("canvas").getContext("2d");

function shape(name, attributes, parent = chart) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

function textWidth(text, weight) {
  ruler.font = `${weight} 13px ${getComputedStyle(chart).fontFamily}`;
  return ruler.measureText(text).width;
}

const path = (points) => points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");

function rounded(x, y, width, height, radius) {
  const r = Math.min(radius, width / 2, height / 2);
  return (
    `M${x + r} ${y}h${width - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${height - 2 * r}` +
    `a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - width}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - height}` +
    `a${r} ${r} 0 0 1 ${r} ${-r}z`
  );
}

/** Draw for a width in pixels; returns what has to move with the playback. */
function drawTimeline(width) {
  const narrow = width < 560;
  const stack = { top: 0, height: narrow ? 132 : 176 };
  const ribbon = { top: stack.height + 8, height: narrow ? 32 : 36 };
  const wave = { top: ribbon.top + ribbon.height + 12, height: narrow ? 48 : 60 };
  const foot = wave.top + wave.height;
  chart.replaceChildren();
  chart.setAttribute("viewBox", `0 0 ${width} ${foot + 28}`);
  chart.setAttribute("height", foot + 28);
  drawStack(width, stack);
  drawRibbon(width, ribbon);
  const played = drawWave(width, wave);
  drawAxis(width, foot + 22);
  return { played, foot };
}

function drawStack(width, { top, height }) {
  const frame = shape("clipPath", { id: "frame" });
  shape("path", { d: rounded(0, top, width, height, 12) }, frame);
  const inside = shape("g", { "clip-path": "url(#frame)" });
  shape("rect", { width, height, y: top, fill: colours[4] }, inside);
  const values = curves(Math.floor(width / 2) + 1);
  const borders = [0, 1, 2, 3].map((mood) =>
    values.map((value, point) => [
      (point / (values.length - 1)) * width,
      top + height * value.slice(0, mood + 1).reduce((sum, share) => sum + share, 0),
    ]),
  );
  // Each band is painted over the ones below it, so that no seam shines through.
  for (const mood of [3, 2, 1, 0]) {
    const line = path(borders[mood]);
    shape("path", { d: `M0 ${top}L${line}L${width} ${top}z`, fill: colours[mood] }, inside);
  }
  for (const border of borders) shape("path", { d: `M${path(border)}`, class: "seams" }, inside);
}

function drawRibbon(width, { top, height }) {
  const labels = [];
  for (const [start, end, mood] of runs(Math.round(width))) {
    // Passages stand apart, but those at the ends keep to the edges of the other rows.
    const apart = end - start >= 8 ? 1.5 : 0;
    const left = start + (start ? apart : 0);
    const room = end - (end < Math.round(width) ? apart : 0) - left;
    shape("path", {
      d: rounded(left, top, room, height, Math.min(8, room / 4)),
      fill: colours[moods.indexOf(mood)],
    });
    const whole = textWidth(named(mood), 600) + 12 <= room;
    if (!whole && room < INITIAL_NEEDS) continue;
    labels.push([left + room / 2, whole ? named(mood) : named(mood)[0]]);
  }
  for (const [x, label] of labels) {
    const attributes = { x, y: top + height / 2 + 4.7, "text-anchor": "middle", class: "label" };
    shape("text", attributes).textContent = label;
  }
}

/** The passages in pixel columns. A column has the mood of its middle: never more runs than columns. */
function runs(columns) {
  const found = [];
  for (let column = 0; column < columns; column += 1) {
    const { mood } = segments[passageAt(((column + 0.5) / columns) * duration)];
    const last = found.at(-1);
    if (last?.[2] === mood) last[1] = column + 1;
    else found.push([column, column + 1, mood]);
  }
  return found;
}

function drawWave(width, { top, height }) {
  const bars = Math.max(1, Math.floor((width + 2) / 5));
  const lines = [];
  for (let bar = 0; bar < bars; bar += 1) {
    const from = Math.floor((bar / bars) * waveform.length);
    const to = Math.max(from + 1, Math.floor(((bar + 1) / bars) * waveform.length));
    const tall = Math.max(3, Math.max(0, ...waveform.slice(from, to)) * height);
    const x = bars > 1 ? (bar / (bars - 1)) * (width - 3) : 0;
    lines.push(rounded(x, top + (height - tall) / 2, 3, tall, 1.5));
  }
  const d = lines.join("");
  const clip = shape("clipPath", { id: "heard" });
  const played = shape("rect", { y: top, height, width: 0 }, clip);
  shape("path", { d, class: "wave" });
  shape("path", { d, class: "played", "clip-path": "url(#heard)" });
  return played;
}

function drawAxis(width, baseline) {
  const end = clock(duration);
  const gap = 24;
  const room = textWidth(end, 400);
  const put = (x, label, anchor) => {
    shape("text", { x, y: baseline, "text-anchor": anchor }).textContent = label;
  };
  put(0, clock(0), "start");
  put(width, end, "end");
  const most = width / (room + 2 * gap);
  const step = STEPS.find((seconds) => duration / seconds <= most) ?? duration;
  for (let time = step; time < duration; time += step) {
    const x = (time / duration) * width;
    const free = x - room / 2 > room + gap && x + room / 2 < width - room - gap;
    if (free) put(x, clock(time), "middle");
  }
}
