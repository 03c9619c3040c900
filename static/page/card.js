// How sure a prediction is, in words: the twin of interface/confidence.py, drawn as its template card.html.

import { el } from "./dom.js";
import { labels, readable, site } from "./site.js";
import { probabilityText, say } from "./texts.js";

export const TOP = 5;
const VERY_SURE = 0.9;
const SURE_FROM = 0.6;
const LEAST_RIVAL = 0.1;
const LEAST_BAR = 0.01;
const WORDS = { very: "very_sure", fairly: "fairly_sure", unsure: "not_sure", none: "probably_none" };

// The most likely labels, the most likely first: {index, label, probability}.
export function ranking(probabilities, count = TOP) {
  return Array.from(probabilities.keys())
    .sort((a, b) => probabilities[b] - probabilities[a] || a - b)
    .slice(0, count)
    .map((index) => ({ index, label: labels[index], probability: probabilities[index] }));
}

// How sure a prediction of one label is.
export function levelOf({ probabilities, verdict, isUnknown }) {
  const best = ranking(probabilities, 1)[0].probability;
  // The verdict of “no flag” is "none"; far from the training images its probability is low as that of every label.
  if (isUnknown || (verdict === "none" && best < SURE_FROM)) return "none";
  if (best >= VERY_SURE) return "very";
  return best >= SURE_FROM ? "fairly" : "unsure";
}

// The labels that a model of several labels sees in an image, of all that it knows; null for one of one label an image.
export function predictedLabels(probabilities) {
  const { thresholds } = site.model;
  return (
    thresholds && ranking(probabilities, Infinity).filter(({ index, probability }) => probability >= thresholds[index])
  );
}

function confidenceOf(found, ranked, shown) {
  const [{ probability }, rival] = ranked;
  const label = readable(ranked[0].label);
  if (shown && !found.isUnknown) {
    if (!shown.length) return { level: "none", headline: say("none_headline"), words: say("probably_none") };
    return { level: "very", headline: shown.map((one) => readable(one.label)).join(", "), words: say("in_this_image") };
  }
  const level = levelOf(found);
  const words = say(WORDS[level]);
  if (found.isUnknown) {
    // Where the probability is high, not it, but the distance decided that.
    const why = probability >= SURE_FROM ? "closest_far" : "closest";
    const detail = say(why, { label, probability: probabilityText(probability) });
    return { level, headline: say("none_headline"), words, detail };
  }
  if (level === "unsure") {
    const either = rival && rival.probability >= LEAST_RIVAL;
    const headline = either ? say("either", { first: label, second: readable(rival.label) }) : say("perhaps", { label });
    return { level, headline, words };
  }
  return { level, headline: label, words };
}

export function card(found) {
  const { probabilities, isUnknown } = found;
  const ranked = ranking(probabilities);
  const shown = predictedLabels(probabilities);
  const { level, headline, words, detail } = confidenceOf(found, ranked, shown);
  const known = new Set(ranked.map(({ index }) => index));
  const others = isUnknown || !shown ? [] : shown.filter(({ index }) => !known.has(index));
  const bars = [...ranked, ...others]
    .filter(({ probability }) => probability >= LEAST_BAR)
    .map(({ label, probability }) =>
      el(
        "li",
        {},
        el("span", {}, readable(label)),
        el("b", {}, probabilityText(probability)),
        el("i", { "--share": `${(100 * probability).toFixed(1)}%` }),
      ),
    );
  return el(
    "div",
    { className: `vz-card vz-${level}` },
    el("h2", { "data-testid": "label-output-value" }, headline),
    el("p", { className: "vz-sure" }, el("i"), words),
    detail ? el("p", {}, detail) : null,
    el("ul", { "aria-label": say("labels") }, bars),
  );
}

export const failedCard = (reason) => el("div", { className: "vz-card vz-failed", role: "alert" }, el("p", {}, reason));
