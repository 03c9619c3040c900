// Collects the predictions of a clip, a few numbers for each frame: the twin of model/video/record.py and
// model/video/probability_curve.py.

import { SegmentFinder } from "./segments.js";
import { topIndices } from "./verdict.js";

const TOP = 5;
const POINTS = 300;
const INITIAL_WIDTH = 0.04; // seconds

export class ClipRecord {
  constructor(labels, model) {
    this.top = Math.min(TOP, labels);
    this.finder = new SegmentFinder(labels, model.unknown_threshold, model.statistics !== null);
    this.curve = new ProbabilityCurve(labels);
    this.sum = new Float64Array(labels);
    this.verdicts = [];
    this.best = [];
    this.probabilities = [];
  }

  get length() {
    return this.finder.times.length;
  }

  add(frame) {
    const best = topIndices(frame.probabilities, this.top);
    frame.probabilities.forEach((value, label) => {
      this.sum[label] += value;
    });
    this.verdicts.push(frame.verdict);
    for (const label of best) {
      this.best.push(label);
      this.probabilities.push(frame.probabilities[label]);
    }
    this.finder.add(frame);
    this.curve.add(frame.time, frame.probabilities);
  }

  // What the page draws while the clip is read. `drawn` is how many labels get a curve.
  summary(drawn = TOP) {
    const segments = this.finder.segments();
    const longest = secondsOf(segments)
      .map(([label]) => label)
      .filter((label) => label !== null)
      .slice(0, drawn);
    return { frames: this.length, segments, curves: { labels: longest, ...this.curve.points(longest) } };
  }

  // Everything about the clip, when it has been read.
  whole() {
    const { times, numbers } = this.finder;
    const summary = this.summary();
    const seconds = secondsOf(summary.segments);
    const mean = Float64Array.from(this.sum, (value) => value / this.length);
    return {
      ...summary,
      times,
      numbers,
      verdicts: this.verdicts,
      top: this.top,
      best: this.best,
      probabilities: this.probabilities,
      aggregate: {
        mean,
        majority: seconds[0]?.[0] ?? null,
        seconds: seconds.filter(([label]) => label !== null),
        duration: seconds.reduce((total, [, value]) => total + value, 0),
      },
    };
  }
}

// Each label of the segments, null for “none of these”, with its seconds: the longest first.
function secondsOf(segments) {
  const seconds = new Map();
  for (const { label, start, end } of segments) seconds.set(label, (seconds.get(label) ?? 0) + end - start);
  return [...seconds].sort((a, b) => b[1] - a[1]);
}

// Mean probabilities in intervals of equal length, which doubles whenever there are too many.
class ProbabilityCurve {
  constructor(labels) {
    this.labels = labels;
    this.width = INITIAL_WIDTH;
    this.sums = new Float64Array(POINTS * labels);
    this.counts = new Uint32Array(POINTS);
  }

  add(time, probabilities) {
    while (time >= this.width * POINTS) this.double();
    const point = Math.floor(time / this.width);
    for (let label = 0; label < this.labels; label++) this.sums[point * this.labels + label] += probabilities[label];
    this.counts[point]++;
  }

  // The middle of each interval with frames, in seconds, and for each label its means.
  points(labels) {
    const filled = Array.from(this.counts.keys()).filter((point) => this.counts[point]);
    return {
      times: filled.map((point) => (point + 0.5) * this.width),
      means: labels.map((label) => filled.map((point) => this.sums[point * this.labels + label] / this.counts[point])),
    };
  }

  double() {
    const half = POINTS / 2;
    const { labels, sums, counts } = this;
    for (let point = 0; point < half; point++) {
      counts[point] = counts[2 * point] + counts[2 * point + 1];
      for (let label = 0; label < labels; label++) {
        sums[point * labels + label] = sums[2 * point * labels + label] + sums[(2 * point + 1) * labels + label];
      }
    }
    counts.fill(0, half);
    sums.fill(0, half * labels);
    this.width *= 2;
  }
}
