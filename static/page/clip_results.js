// What is below a clip's timeline: tables that open, and files to download.

import { TOP } from "./card.js";
import { download, el, table } from "./dom.js";
import {
  clipJson,
  frameCells,
  frameRows,
  framesCsv,
  rounded,
  segmentCells,
  segmentsCsv,
  subtitles,
} from "./exports.js";
import { decimal, language, say } from "./texts.js";
import { labelSeconds, shownLabel } from "./timeline.js";

const MOST_ROWS = 500;

export function clipResults(clip, name) {
  const first = Math.max(0, clip.times.length - MOST_ROWS);
  return el(
    "div",
    {},
    part("seconds_on_screen", () =>
      table(
        [say("column_label"), say("column_seconds")],
        labelSeconds(clip.segments).map(([label, value]) => [shownLabel(label), rounded(value, 2)]),
      ),
    ),
    part("segments", () => table(segmentHeadings(), clip.segments.map(segmentCells))),
    part("frames", () => [
      table(frameHeadings(TOP), Array.from(frameRows(clip, first), frameCells)),
      first ? el("p", { className: "note" }, say("table_shows", { rows: decimal(MOST_ROWS) })) : null,
    ]),
    el(
      "div",
      { className: "buttons", id: "downloads" },
      download("frames.csv", "text/csv", () => framesCsv(clip)),
      download("segments.csv", "text/csv", () => segmentsCsv(clip)),
      download("clip.json", "application/json", () => clipJson(clip, name)),
      download("subtitles.vtt", "text/vtt", () => subtitles(clip)),
    ),
  );
}

// A part that is built when it is opened.
function part(key, content) {
  const made = el("details", { className: "part" }, el("summary", {}, say(key)));
  made.addEventListener("toggle", () => made.append(...[content()].flat().filter(Boolean)), { once: true });
  return made;
}

const segmentHeadings = () =>
  ["label", "start", "end", "confidence", "first_frame", "last_frame"].map((name) => say(`column_${name}`));

function frameHeadings(top) {
  const [label, probability] = [say("column_label"), say("column_probability")];
  const ranks = Array.from({ length: top }, (_, rank) => [`${label} ${rank + 1}`, `${probability} ${rank + 1}`]).flat();
  const ends = ["segment", "verdict"].map((name) => say(`column_${name}`));
  return [say("column_index"), say("column_time"), ...ranks, ...ends].map((text) => text.toLocaleLowerCase(language));
}
