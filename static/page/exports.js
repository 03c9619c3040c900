// The tables, JSON and subtitles of a clip or of images: the twin of model/video/export.py, with the same columns.

import { TOP } from "./card.js";
import { labels } from "./site.js";
import { asShown, say } from "./texts.js";

const FORMULA_STARTS = ["=", "+", "-", "@", "\t", "\r"];
export const SEGMENT_COLUMNS = ["label", "start", "end", "confidence", "first_frame", "last_frame"];

export function csv(rows) {
  const cell = (value) => {
    let text = String(value);
    // A cell that begins like this is a formula to spreadsheet programs, and labels are anybody's text.
    if (typeof value === "string" && FORMULA_STARTS.includes(text[0]) && !Number.isFinite(Number(text)))
      text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const table = rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
  // Without a byte order mark Excel takes UTF-8 for another encoding.
  return /[\u0080-\uffff]/.test(table) ? `\ufeff${table}` : table;
}

export const rounded = (value, digits) => Number(value.toFixed(digits));
export const labelText = (label) => (label === null ? say("none_of_these") : labels[label]);

export function frameColumns(top) {
  const ranks = Array.from({ length: top }, (_, rank) => (rank ? `_${rank + 1}` : ""));
  return [
    "index",
    "time",
    ...ranks.flatMap((suffix) => [`label${suffix}`, `probability${suffix}`]),
    "segment",
    "verdict",
  ];
}

// Yields {index, time, ranking, segment, verdict} of each frame.
export function* frameRows(clip, first = 0) {
  let segment = 0;
  for (let frame = first; frame < clip.times.length; frame++) {
    while (clip.segments[segment + 1] && clip.segments[segment].last_frame < clip.numbers[frame]) segment++;
    const ranking = [];
    for (let rank = frame * clip.top; rank < (frame + 1) * clip.top; rank++) {
      ranking.push([labels[clip.best[rank]], clip.probabilities[rank]]);
    }
    yield {
      index: clip.numbers[frame],
      time: clip.times[frame],
      ranking,
      segment: clip.segments[segment].label,
      verdict: clip.verdicts[frame],
    };
  }
}

export const frameCells = ({ index, time, ranking, segment, verdict }) => [
  index,
  rounded(time, 4),
  ...Array.from({ length: TOP }, (_, rank) => ranking[rank] ?? []).flatMap(([label = "", probability = null]) => [
    label,
    probability === null ? "" : rounded(probability, 6),
  ]),
  labelText(segment),
  verdict,
];

export const segmentCells = (segment) => [
  labelText(segment.label),
  rounded(segment.start, 4),
  rounded(segment.end, 4),
  rounded(segment.confidence, 6),
  segment.first_frame,
  segment.last_frame,
];

export const framesCsv = (clip) => csv([frameColumns(TOP), ...Array.from(frameRows(clip), frameCells)]);
export const segmentsCsv = (clip) => csv([SEGMENT_COLUMNS, ...clip.segments.map(segmentCells)]);

const ranked = (pairs) => pairs.map(([label, probability]) => ({ label, probability: rounded(probability, 6) }));

export function clipJson(clip, name) {
  const { aggregate } = clip;
  const order = Array.from(aggregate.mean.keys()).sort((a, b) => aggregate.mean[b] - aggregate.mean[a] || a - b);
  const head = {
    path: name,
    kind: "video",
    aggregate: {
      majority: aggregate.majority === null ? null : labels[aggregate.majority],
      seconds: Object.fromEntries(aggregate.seconds.map(([label, value]) => [labels[label], rounded(value, 3)])),
      frames: clip.times.length,
      duration: rounded(aggregate.duration, 3),
      predictions: ranked(order.slice(0, clip.top).map((label) => [labels[label], aggregate.mean[label]])),
    },
    // “None of these” is null here, since a label may have that name.
    segments: clip.segments.map((segment) => {
      const cells = segmentCells(segment);
      cells[0] = segment.label === null ? null : labels[segment.label];
      return Object.fromEntries(SEGMENT_COLUMNS.map((column, place) => [column, cells[place]]));
    }),
  };
  const frames = Array.from(frameRows(clip), ({ index, time, ranking, verdict }) =>
    JSON.stringify({ index, time: rounded(time, 4), predictions: ranked(ranking), verdict }),
  );
  return `${JSON.stringify(head).slice(0, -1)},"frames":[\n${frames.join(",\n")}\n]}\n`;
}

export function subtitles(clip) {
  const escaped = (text) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replace(/\s+/g, " ");
  const cues = clip.segments.map(({ label, start, end, confidence }) => {
    const share = label === null ? "" : ` ${Math.round(100 * asShown(confidence))}%`;
    return `${timestamp(start)} --> ${timestamp(Math.max(end, start + 0.001))}\n${escaped(labelText(label))}${share}\n`;
  });
  return ["WEBVTT\n", ...cues].join("\n");
}

function timestamp(seconds) {
  const whole = Math.round(seconds * 1000);
  const two = (value) => String(Math.floor(value)).padStart(2, "0");
  const rest = String(whole % 1000).padStart(3, "0");
  return `${two(whole / 3_600_000)}:${two((whole / 60_000) % 60)}:${two((whole / 1000) % 60)}.${rest}`;
}
