// The Batch tab: many images, a tile for each, counts on top, and all predictions as CSV: the twin of
// interface/tabs/batch.py.

import { fileBox } from "./box.js";
import { levelOf, predictedLabels, ranking } from "./card.js";
import { download, el, fill, table } from "./dom.js";
import { run } from "./engine.js";
import { csv, rounded } from "./exports.js";
import { readable, site } from "./site.js";
import { asShown, decimal, probabilityText, say } from "./texts.js";

const TOP = 3;
const TILE_SIDE = 240;
const MOST_TILES = 500; // images beyond are in the table only
const MOST_COUNTED = 12;
const MILLISECONDS_BETWEEN = 500;

export function batchTab() {
  let newest = 0;
  const box = fileBox({
    id: "images",
    accept: "image/*",
    multiple: true,
    low: true,
    text: say("site_drop_images"),
    given: classify,
  });
  const counts = el("div", { id: "counts", role: "status" }, say("batch_empty"));
  const stop = el(
    "button",
    { type: "button", className: "button", id: "stop-images", disabled: true, onclick: () => end(++newest) },
    say("stop"),
  );
  const tiles = el("ul", { className: "tiles", id: "gallery" });
  const rows = el("div", { id: "rows" });
  const panel = el("section", {}, box.element, el("div", { className: "progress" }, counts, stop), tiles, rows);
  let found = [];

  function end() {
    stop.disabled = true;
    showCounts();
    if (!found.length) return;
    fill(
      rows,
      table(
        headings(),
        found.map((entry) => pageRow(row(entry, 1))),
      ),
      el(
        "div",
        { className: "buttons" },
        download("vistazo.csv", "text/csv", () => csv(csvRows(found))),
      ),
    );
  }

  async function classify(files) {
    const mine = ++newest;
    found = [];
    fill(tiles);
    fill(rows);
    stop.disabled = false;
    let next = 0;
    for (const file of files) {
      const entry = await predicted(file);
      if (mine !== newest) return;
      found.push(entry);
      if (found.length <= MOST_TILES) tiles.append(await tile(entry, file));
      if (performance.now() >= next) {
        showCounts();
        next = performance.now() + MILLISECONDS_BETWEEN;
      }
    }
    if (mine === newest) end();
  }

  function showCounts() {
    const read = found.filter(({ ranked }) => ranked);
    const sure = new Map();
    const others = { unsure: 0, none: 0 };
    for (const { shown, level } of read) {
      if (level === "unsure") others.unsure++;
      else if (!shown.length) others.none++;
      else for (const { label } of shown) sure.set(label, (sure.get(label) ?? 0) + 1);
    }
    const shown = [...sure].sort((a, b) => b[1] - a[1]).slice(0, MOST_COUNTED);
    for (const pair of shown) pair[0] = readable(pair[0]);
    const more = sure.size - shown.length;
    if (others.unsure) shown.push([say("not_sure"), others.unsure]);
    if (others.none) shown.push([say("none_headline"), others.none]);
    if (read.length < found.length) shown.push([say("not_readable"), found.length - read.length]);
    fill(
      counts,
      el(
        "div",
        { className: "vz-counts" },
        el("strong", {}, say("images_counted", { count: decimal(found.length) })),
        el(
          "ul",
          {},
          shown.map(([name, count]) => el("li", {}, `${name} `, el("b", {}, decimal(count)))),
          more ? el("li", {}, say("and_more", { count: decimal(more) })) : null,
        ),
      ),
    );
  }

  return { panel, classify };
}

async function predicted(file) {
  try {
    const found = await run("classify", { file });
    const ranked = ranking(found.probabilities, TOP);
    const several = found.isUnknown ? [] : predictedLabels(found.probabilities);
    const one = found.isUnknown ? [] : ranked.slice(0, 1);
    const shown = site.model.thresholds ? several : one;
    const level = site.model.thresholds ? (several.length ? "very" : "none") : levelOf(found);
    return { name: file.name, ranked, shown, level, verdict: found.verdict };
  } catch (error) {
    return { name: file.name, reason: error.message };
  }
}

async function tile({ ranked, shown, level, reason }, file) {
  if (!ranked)
    return el("li", {}, el("span", { className: "broken", "aria-hidden": "true" }, "!"), `${file.name}: ${reason}`);
  const canvas = el("canvas", { role: "img", "aria-label": file.name });
  const bitmap = await createImageBitmap(file, { resizeWidth: TILE_SIDE, resizeQuality: "medium" });
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
  return el("li", {}, canvas, caption(shown, level));
}

function caption(shown, level) {
  if (!shown.length) return say("none_of_these");
  if (level === "none") return readable(shown[0].label); // “no flag”, of which no probability is high
  const name = (label) => (level === "unsure" ? say("perhaps", { label }) : label);
  return shown.map(({ label, probability }) => `${name(readable(label))} ${probabilityText(probability)}`).join(", ");
}

function columns() {
  const ranks = Array.from({ length: TOP }, (_, rank) => [`label_${rank + 1}`, `probability_${rank + 1}`]);
  return ["file", ...ranks.flat(), "note", "verdict"];
}

export const csvRows = (found) => [columns(), ...found.map((entry) => [...row(entry), entry.verdict ?? ""])];

function headings() {
  const [label, probability] = [say("column_label"), say("column_probability")];
  const ranks = Array.from({ length: TOP }, (_, rank) => [`${label} ${rank + 1}`, `${probability} ${rank + 1} (%)`]);
  return pageRow([say("column_file"), ...ranks.flat(), say("column_note")]);
}

// The note comes first in the page's table, where a narrow screen shows it.
const pageRow = (cells) => [cells[0], cells.at(-1), ...cells.slice(1, -1)];

// The probabilities are between 0 and 1; for the page's table, percentages with so many digits.
function row({ name, ranked, shown: named, reason }, digits = null) {
  const empty = Array.from({ length: 2 * TOP }, () => "");
  if (!ranked) return [name, ...empty, reason];
  const shown = (value) =>
    digits === null ? rounded(asShown(value, 2), 4) : rounded(100 * asShown(value, digits), digits);
  const cells = ranked.flatMap(({ label, probability }) => [label, shown(probability)]);
  return [name, ...cells, ...empty.slice(cells.length), named.length ? "" : say("none_of_these")];
}
