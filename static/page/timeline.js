// Says and draws what a clip shows over time: the twin of interface/tabs/timeline.py and its template timeline.html.

import { el, fill } from "./dom.js";
import { labels, readable, site } from "./site.js";
import { clock, decimal, duration, probabilityText, say } from "./texts.js";

// As in interface/label_colours.py.
const COLOURS = ["#0072b2", "#b34d00", "#007a59", "#a64d79", "#806000", "#2a7f9e", "#6a4fb3", "#5f6b00"];
const GREY = "#6b7280";
const MOST_SEGMENTS = 400;
const LABELS_IN_SUMMARY = 8;
const SHORT = 4; // seconds, below which the times have tenths

// A segment without a label is shown as a label that means that nothing is there, if there is one.
export const shownLabel = (label) => {
  const shown = labels[label ?? site.model.background[0]];
  return shown === undefined ? say("none_of_these") : readable(shown);
};
const isBackground = (label) => label !== null && site.model.background.includes(label);

// Draws into `element`; `seek` moves the player. `whole` is what the width stands for, in seconds.
export function drawTimeline(element, { segments, curves }, whole, seek) {
  const width = Math.max(whole ?? 0, segments.length ? segments[segments.length - 1].end : 0, 1e-3);
  const colours = labelColours(segments);
  const longest = [...segments].sort((a, b) => b.end - b.start - (a.end - a.start)).slice(0, MOST_SEGMENTS);
  const bars = longest.sort((a, b) => a.start - b.start).map((segment) => bar(segment, width, colours, seek));
  const lane = (className, ...children) => {
    const made = el("div", { className: `vz-lane ${className}` }, children);
    made.addEventListener("click", (event) => {
      if (event.detail === 0) return; // a key on a segment's button
      const box = made.getBoundingClientRect();
      seek(Math.max(0, ((event.clientX - box.left) / box.width) * width));
    });
    return made;
  };
  element.dataset.duration = width;
  fill(
    element,
    summary(segments, colours),
    lane("vz-strip", bars),
    lane("vz-curves", drawCurves(curves, width, colours)),
    el(
      "div",
      { className: "vz-times" },
      [0, width / 2, width].map((time) => el("span", {}, width < SHORT ? duration(time) : clock(time))),
    ),
    el("p", {}, say("timeline")),
  );
}

export function labelSeconds(segments) {
  const seconds = new Map();
  for (const { label, start, end } of segments) seconds.set(label, (seconds.get(label) ?? 0) + end - start);
  // Beside a label that means that nothing is there, “none of these” has no seconds of its own.
  const nothing = [...seconds.keys()].find(isBackground);
  if (nothing !== undefined && seconds.has(null)) {
    seconds.set(nothing, seconds.get(nothing) + seconds.get(null));
    seconds.delete(null);
  }
  const order = ([label, spent]) => [label === null ? 1 : 0, isBackground(label) ? 1 : 0, -Math.round(10 * spent)];
  return [...seconds].sort((a, b) => {
    const [first, second] = [order(a), order(b)];
    return first[0] - second[0] || first[1] - second[1] || first[2] - second[2];
  });
}

// In the order in which they appear, so that a label keeps its colour while the clip is read.
function labelColours(segments) {
  const shown = [...new Set(segments.map(({ label }) => label))];
  const named = shown.filter((label) => label !== null && !isBackground(label));
  const colours = new Map(named.map((label, place) => [label, COLOURS[place % COLOURS.length]]));
  return (label) => colours.get(label) ?? GREY;
}

function summary(segments, colours) {
  const seconds = labelSeconds(segments);
  const shown = seconds.slice(0, LABELS_IN_SUMMARY);
  const more = seconds.length - shown.length;
  const words = shown.flatMap(([label, spent], place) => [
    el("span", {}, dot(colours(label)), `${shownLabel(label)} ${duration(spent)}`),
    place < shown.length - 1 || more ? ", " : "",
  ]);
  return el("p", { className: "vz-summary" }, words, more ? say("and_more", { count: decimal(more) }) : null);
}

function dot(colour) {
  const made = el("i");
  made.style.background = colour;
  return made;
}

function bar(segment, width, colours, seek) {
  const { label, start, end, confidence } = segment;
  const name = shownLabel(label);
  const share = label === null ? "" : `, ${probabilityText(confidence)}`;
  const title = say("timeline_segment", { label: name, start: clock(start), end: clock(end) }) + share;
  const made = el(
    "button",
    { type: "button", title, "aria-label": title, onclick: (event) => event.detail === 0 && seek(start) },
    name,
  );
  made.style.left = `${(100 * start) / width}%`;
  made.style.width = `${(100 * (end - start)) / width}%`;
  made.style.background = colours(label);
  return made;
}

function drawCurves({ labels, times, means }, width, colours) {
  const make = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const svg = make("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const [place, label] of labels.entries()) {
    const points = times.map(
      (time, at) => `${((1000 * time) / width).toFixed(1)},${(100 - 98 * means[place][at]).toFixed(1)}`,
    );
    const attributes = {
      fill: "none",
      stroke: colours(label),
      "stroke-width": "2",
      "vector-effect": "non-scaling-stroke",
    };
    svg.append(make("polyline", { points: points.join(" "), ...attributes }));
  }
  return svg;
}
