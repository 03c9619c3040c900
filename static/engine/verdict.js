// Turns the network's outputs into probabilities and a verdict: the twin of model/verdict.py and model/statistics.py.

const SURE_FROM = 0.6;
const NEIGHBOURS = 5;
const TINY = 1e-6;
const SHRINKING = 3;

// Returns {probabilities, verdict: "sure" | "unsure" | "none", isUnknown}. `model` is the “model” object of site.json,
// `references` the rows of features of training images, or null.
export function classificationOf(logits, features, model, references) {
  const rule = model.none_of_these;
  const distance = rule && references && features ? distanceTo(features, references) : null;
  const factor = distance === null ? 1 : Math.max(1, distance / rule.max_distance) ** SHRINKING;
  const probabilities = probabilitiesOf(logits, model.temperature * factor, model.multi_label);
  // With several labels an image, those below their thresholds are not predicted, however probable.
  const counted = probabilities.map((value, index) => (value >= (model.thresholds?.[index] ?? 0) ? value : 0));
  const best = argmax(counted);
  let verdict = counted[best] >= SURE_FROM ? "sure" : "unsure";
  const isFar = unknown(probabilities[argmax(probabilities)], distance, model);
  const isNothing = model.background.includes(best);
  if (isFar || !counted[best] || (isNothing && verdict === "sure")) verdict = "none";
  // “No flag” is the right answer for an image that shows none of the labels.
  return { probabilities, verdict, isUnknown: isFar && !(isNothing && !model.thresholds) };
}

function unknown(top, distance, model) {
  if (distance !== null) {
    const rule = model.none_of_these;
    if (distance > rule.max_distance) return true;
    return !model.thresholds && score(distance, top, rule) < rule.min_score;
  }
  return !model.thresholds && model.unknown_threshold !== null && top < model.unknown_threshold;
}

function score(distance, top, rule) {
  const near = (Math.log(Math.max(distance, TINY)) - rule.distance_centre) / rule.distance_spread;
  const inside = Math.min(Math.max(top, TINY), 1 - TINY);
  return (Math.log(inside / (1 - inside)) - rule.probability_centre) / rule.probability_spread - near;
}

export function probabilitiesOf(logits, temperature, multiLabel) {
  const scaled = Array.from(logits, (value) => value / temperature);
  if (multiLabel) {
    return Float32Array.from(scaled, (value) => 1 / (1 + Math.exp(-Math.min(60, Math.max(-60, value)))));
  }
  const highest = Math.max(...scaled.slice(0, 1), ...chunkedMaxima(scaled));
  const exponentials = scaled.map((value) => Math.exp(value - highest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return Float32Array.from(exponentials, (value) => value / sum);
}

// A function takes only so many arguments, and a model may have 50,000 labels.
function chunkedMaxima(values) {
  const found = [];
  for (let i = 0; i < values.length; i += 1000) found.push(Math.max(...values.slice(i, i + 1000)));
  return found;
}

// The mean cosine distance to the five nearest references, whose rows have length 1.
export function distanceTo(features, { rows, count, channels }) {
  let norm = 0;
  for (const value of features) norm += value * value;
  norm = Math.max(Math.sqrt(norm), TINY);
  const nearest = new Float64Array(Math.min(NEIGHBOURS, count)).fill(-Infinity);
  for (let row = 0; row < count; row++) {
    let sum = 0;
    const start = row * channels;
    for (let c = 0; c < channels; c++) sum += features[c] * rows[start + c];
    insert(nearest, sum / norm);
  }
  return 1 - nearest.reduce((total, value) => total + value, 0) / nearest.length;
}

// Keeps the highest values, the lowest of them first.
function insert(highest, value) {
  if (value <= highest[0]) return;
  let place = 0;
  while (place + 1 < highest.length && highest[place + 1] < value) {
    highest[place] = highest[place + 1];
    place++;
  }
  highest[place] = value;
}

// Reads rows of 16-bit floating-point numbers (little-endian), and scales each to length 1.
export function readReferences(buffer, channels) {
  const halves = new Uint16Array(buffer);
  const count = Math.floor(halves.length / channels);
  const rows = new Float32Array(count * channels);
  for (let row = 0; row < count; row++) {
    let norm = 0;
    for (let i = row * channels; i < (row + 1) * channels; i++) {
      rows[i] = fromHalf(halves[i]);
      norm += rows[i] * rows[i];
    }
    norm = Math.max(Math.sqrt(norm), TINY);
    for (let i = row * channels; i < (row + 1) * channels; i++) rows[i] /= norm;
  }
  return { rows, count, channels };
}

function fromHalf(half) {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

// The indices of the highest values, the highest first; of equal ones, the first.
export function topIndices(values, count) {
  return Array.from(values.keys())
    .sort((a, b) => values[b] - values[a] || a - b)
    .slice(0, count);
}
