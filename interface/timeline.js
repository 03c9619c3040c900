// Draws the timeline that timeline.py describes. Labels are a stranger's text: they are only ever drawn
// on the canvas or set as textContent, never as HTML.
const COLOURS = ["#3b82f6", "#f59e0b", "#10b981", "#ec4899", "#8b5cf6", "#0e7490"];
const OTHER = "#94a3b8";
const BAND = 40, GAP = 10, CURVES = 104, AXIS = 20, HEIGHT = BAND + GAP + CURVES + AXIS;

let data = props.value || {};
let shown = null; // the time that the readout is about

const make = (name, className, parent) => {
  const node = document.createElement(name);
  node.className = className;
  parent.append(node);
  return node;
};
const clock = (seconds) => {
  const whole = Math.floor(Math.max(0, seconds));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};
const place = make("div", "timeline-parts", element);
const status = make("div", "timeline-status", place);
status.setAttribute("role", "status");
const bar = make("progress", "timeline-progress", place);
bar.max = 1;
const canvas = make("canvas", "timeline-canvas", place);
canvas.tabIndex = 0;
canvas.setAttribute("role", "slider");
canvas.setAttribute("aria-label", "Timeline");
const readout = make("div", "timeline-readout", place);
const legend = make("ul", "timeline-legend", place);
const warnings = make("div", "timeline-warnings", place);
warnings.setAttribute("role", "alert");

const colourOf = (colour) => (colour === null || colour === undefined ? OTHER : COLOURS[colour]);
const numbers = (text) => (text ? text.split(" ").map(Number) : []);
let parsed = [];
const segments = () => parsed;
const startOf = (index) => segments()[index][0] / 1000;
const endOf = (index) => (index + 1 < segments().length ? startOf(index + 1) : data.read);
const span = () => Math.max(data.end - data.begin, 0.001);
const x = (time) => ((time - data.begin) / span()) * canvas.clientWidth;
const segmentAt = (time) => {
  let low = 0, high = segments().length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (startOf(middle) <= time) low = middle; else high = middle;
  }
  return low;
};
// The clip's player, and the annotated clip's, which begins where reading began.
const players = () => [["#clip video", 0], ["#annotated video", data.begin || 0]]
  .map(([selector, offset]) => [document.querySelector(selector), offset])
  .filter(([player]) => player);

function seek(time) {
  if (!segments().length) return;
  time = Math.min(Math.max(time, data.begin), data.read);
  for (const [player, offset] of players()) {
    if (player.readyState > 0) player.currentTime = Math.max(0, time - offset);
  }
  show(time);
}

function show(time) {
  shown = time;
  describe();
  draw();
}

function describe() {
  if (shown === null || !segments().length || shown > data.read + 0.001) {
    readout.textContent = segments().length ? "Click the timeline to move the clip there." : "";
    return;
  }
  const [, name, confidence] = segments()[segmentAt(shown)];
  const sure = data.colours[name] === -1 ? "" : ` ${confidence} %`;
  const tenths = Math.floor((shown % 1) * 10 + 0.001);
  readout.textContent = `At ${clock(shown)}.${tenths}: ${data.names[name]}${sure}`;
  canvas.setAttribute("aria-valuemin", data.begin);
  canvas.setAttribute("aria-valuemax", data.read);
  canvas.setAttribute("aria-valuenow", shown.toFixed(1));
  canvas.setAttribute("aria-valuetext", readout.textContent);
}

function draw() {
  const width = canvas.clientWidth, sharpness = window.devicePixelRatio || 1;
  if (!width) return; // in a tab that is not in sight
  canvas.width = Math.round(width * sharpness);
  canvas.height = Math.round(HEIGHT * sharpness);
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(element);
  const ink = style.color;
  pen.scale(sharpness, sharpness);
  pen.font = `12px ${style.fontFamily}`;
  pen.textBaseline = "middle";
  frame(pen, width, ink);
  if (!segments().length) return;
  drawBand(pen, ink);
  drawCurves(pen);
  drawAxis(pen, width, ink);
  if (shown !== null && shown <= data.end) {
    pen.fillStyle = ink;
    pen.fillRect(Math.min(width - 2, Math.max(0, x(shown) - 1)), 0, 2, HEIGHT - AXIS);
  }
}

function frame(pen, width, ink) {
  pen.fillStyle = ink;
  pen.globalAlpha = 0.07;
  pen.fillRect(0, 0, width, BAND);
  pen.globalAlpha = 0.15;
  for (const share of [0, 0.5, 1]) pen.fillRect(0, BAND + GAP + CURVES * (1 - share), width, 1);
  pen.globalAlpha = 1;
}

function drawBand(pen, ink) {
  segments().forEach(([, name], index) => {
    const left = x(startOf(index)), width = Math.max(0.5, x(endOf(index)) - left);
    const colour = data.colours[name];
    if (colour === -1) {
      pen.fillStyle = ink;
      pen.globalAlpha = 0.12;
    } else {
      pen.fillStyle = colourOf(colour);
    }
    pen.fillRect(left, 0, width > 3 ? width - 1 : width, BAND);
    pen.globalAlpha = 1;
    const words = data.names[name];
    if (width > 24 && pen.measureText(words).width < width - 10) {
      pen.fillStyle = colour === -1 ? ink : "#0b1220";
      pen.fillText(words, left + 5, BAND / 2);
    }
  });
}

function drawCurves(pen) {
  const times = numbers(data.curve_times);
  for (const [place, values] of Object.entries(data.curves || {})) {
    pen.strokeStyle = COLOURS[place];
    pen.lineWidth = 2;
    pen.lineJoin = "round";
    pen.beginPath();
    numbers(values).forEach((value, index) => {
      const y = BAND + GAP + CURVES * (1 - value / 100);
      if (index) pen.lineTo(x(times[index]), y); else pen.moveTo(x(times[index]), y);
    });
    pen.stroke();
  }
}

function drawAxis(pen, width, ink) {
  const steps = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  const step = steps.find((candidate) => (candidate / span()) * width >= 58) || span();
  pen.fillStyle = ink;
  pen.globalAlpha = 0.75;
  for (let time = Math.ceil(data.begin / step) * step; time <= data.end; time += step) {
    const words = step < 1 ? `${time.toFixed(1)} s` : clock(time);
    const left = Math.min(x(time), width - pen.measureText(words).width);
    pen.fillText(words, left, HEIGHT - AXIS / 2 + 2);
  }
  pen.textAlign = "right";
  pen.fillText("100 %", width, BAND + GAP + 9);
  pen.textAlign = "left";
  pen.globalAlpha = 1;
}

function update() {
  data = props.value || {};
  parsed = (data.segments || []).map(numbers);
  if (!place.isConnected) element.append(place);
  status.textContent = data.status || "";
  bar.style.visibility = data.done === null || data.done === undefined ? "hidden" : "visible";
  bar.value = data.done || 0;
  if (!segments().length) shown = null;
  legend.replaceChildren(...(data.legend || []).map((entry) => {
    const item = document.createElement("li");
    const swatch = make("span", entry.colour === -1 ? "swatch none" : "swatch", item);
    if (entry.colour !== -1) swatch.style.background = colourOf(entry.colour);
    make("span", "name", item).textContent = entry.label;
    make("span", "seconds", item).textContent = `${entry.seconds.toFixed(1)} s`;
    return item;
  }));
  warnings.replaceChildren(...(data.warnings || []).map((sentence) => {
    const line = document.createElement("p");
    line.textContent = sentence;
    return line;
  }));
  describe();
  draw();
}

const timeAt = (event) => {
  const box = canvas.getBoundingClientRect();
  return data.begin + ((event.clientX - box.left) / box.width) * span();
};
canvas.addEventListener("click", (event) => seek(timeAt(event)));
canvas.addEventListener("pointermove", (event) => {
  if (event.buttons === 1 && event.pointerType === "mouse") seek(timeAt(event));
});
canvas.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step || !segments().length) return;
  event.preventDefault();
  const next = segmentAt(shown ?? data.begin) + step;
  if (next >= 0 && next < segments().length) seek(startOf(next));
});
// Key frames and rows of segments move the players as well.
document.addEventListener("click", (event) => {
  const tile = event.target.closest?.("#key-frames .grid-container > *, #key-frames .thumbnail-item");
  if (tile) {
    const tiles = [...document.querySelectorAll("#key-frames .thumbnail-item")];
    const time = (data.key_times || [])[tiles.findIndex((other) => other === tile || tile.contains(other))];
    if (time !== undefined) seek(time);
    return;
  }
  const cell = event.target.closest?.("#segments [role=gridcell]");
  const row = Number(cell?.dataset.row ?? NaN);
  if (row < segments().length) seek(startOf(row));
});
document.addEventListener("timeupdate", (event) => {
  const player = players().find(([candidate]) => candidate === event.target);
  if (player && segments().length) show(event.target.currentTime + player[1]);
}, true);
new ResizeObserver(draw).observe(canvas);
watch("value", update);
update();
