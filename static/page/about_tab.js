// The About tab: what the model is, how good it is, and what this page runs on.

import { el } from "./dom.js";
import { run } from "./engine.js";
import { countOfLabels, site, title } from "./site.js";
import { decimal, percent, say } from "./texts.js";

export function aboutTab() {
  const backend = el("td", {}, "…");
  const panel = el(
    "section",
    { className: "vz-model" },
    el(
      "div",
      { className: "vz-columns" },
      el(
        "section",
        { className: "vz-about" },
        el("h2", {}, say("how_good")),
        el("p", { className: "vz-score" }, score()),
        el("h2", {}, say("limits_title")),
        el("p", {}, `${limitOfLabels()} ${say("limit_unlike")} ${say("limit_harm")}`),
        el("p", {}, say("site_private")),
        el("h2", {}, say("about")),
        rows([...facts(), [say("site_runs_on"), backend]]),
      ),
      el(
        "section",
        { className: "vz-about" },
        el("h2", {}, say("metrics")),
        el("p", {}, evaluatedOn()),
        rows(metrics()),
      ),
    ),
  );
  panel.addEventListener("open", async () => {
    try {
      backend.textContent = (await run("load")).backend;
    } catch (error) {
      backend.textContent = error.message;
    }
  });
  return { panel };
}

function rows(entries) {
  const cell = (value) => (value instanceof Node ? value : el("td", {}, value));
  return el(
    "table",
    {},
    el(
      "tbody",
      {},
      entries.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), cell(value))),
    ),
  );
}

// The twin of `score` in interface/tabs/model_quality.py.
function score() {
  const { n, metrics: known } = site.about;
  const share = known.accuracy ?? known.exact_match;
  if (!n || share === undefined) return say("no_metrics");
  const values = { right: decimal(Math.round(share * n)), count: decimal(n), share: percent(share) };
  return say(site.model.multi_label ? "score_several" : "score", values);
}

function limitOfLabels() {
  const { count, background } = countOfLabels();
  const key = count === 1 ? "limit_label_background" : "limit_labels_background";
  return say(background ? key : "limit_labels", { count: decimal(count), background });
}

function facts() {
  const { count: known, background } = countOfLabels();
  const count = decimal(known);
  const { input, temperature, unknown_threshold: threshold } = site.model;
  const { architecture, recipe, weights, fingerprint, bytes } = site.about;
  const source = site.repository ? `${site.repository}, ${site.commit}` : title();
  return [
    [say("about_source"), source],
    [say("about_labels"), background ? say("and_last", { names: count, last: background }) : count],
    [
      say("about_input"),
      `${input.width} x ${input.height}, ${say(`colour_${input.colour_mode}`)}, ${say(`rule_${input.resize_rule}`)}`,
    ],
    [say("about_network"), architecture],
    [say("about_recipe"), recipe],
    [say("about_weights"), weights === "none" ? "" : weights],
    [say("about_data"), fingerprint],
    [say("about_size"), say("megabytes", { size: decimal(bytes / 1e6, 1) })],
    [say("about_threshold"), threshold === null || site.model.statistics ? "" : percent(threshold)],
    [say("about_temperature"), decimal(temperature, 2)],
  ].filter(([, value]) => value);
}

function evaluatedOn() {
  const { n, split } = site.about;
  if (!n) return "";
  const known = { validation: "split_validation", test: "split_test" };
  const count = decimal(n);
  if (split === "folds") return say("evaluated_by_folds", { count });
  return say("evaluated_on", { count, split: known[split] ? say(known[split]) : split });
}

const metrics = () => Object.entries(site.about.metrics).map(([name, value]) => [say(name), decimal(value, 3)]);
