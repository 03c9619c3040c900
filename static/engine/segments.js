// Divides a clip into segments while its frames arrive: the twin of model/video/segments.py, which explains the model
// (Viterbi's algorithm in continuous time). A state is a label, or the last one “none of these”.

const EXPECTED_SECONDS = 2;
const INDEPENDENT_SECONDS = 0.1;
const OUTLIERS = 1e-3;
const MIN_GAP = 1e-4;
const UNKNOWN_ODDS = 9;

export class SegmentFinder {
  // `hasStatistics` says whether frames may be known to be unlike the training images.
  constructor(labels, unknownThreshold, hasStatistics) {
    this.labels = labels;
    this.hasNone = hasStatistics || unknownThreshold !== null;
    this.threshold = unknownThreshold ?? 0;
    const count = labels + (this.hasNone ? 1 : 0);
    this.count = count;
    this.score = new Float64Array(count); // log-likelihood of the best path that ends in each state
    // The run of frames that each of these paths ends with, and the run before it.
    this.start = new Int32Array(count);
    this.sum = new Float64Array(count);
    this.peak = new Float64Array(count).fill(-1);
    this.key = new Int32Array(count);
    this.before = new Array(count).fill(null);
    this.numbers = [];
    this.times = [];
    this.duration = null; // of the last frame
    this.shown = new Float64Array(count);
    this.evidence = new Float64Array(count);
  }

  // Adds the next frame, in order of time; `duration`, in seconds, says how long it is shown if it is the last one.
  add({ index, time, probabilities, isUnknown, duration = null }) {
    const { count, score, shown, evidence } = this;
    const position = this.times.length;
    shown.set(probabilities);
    evidence.set(probabilities);
    if (this.hasNone) {
      const top = probabilities.reduce((most, value) => Math.max(most, value), 0);
      // The probability that the most likely label is wrong, scaled to equal the label's own at the threshold.
      let wrong = ((1 - top) * this.threshold) / Math.max(1 - this.threshold, OUTLIERS);
      if (isUnknown) wrong = Math.max(wrong, UNKNOWN_ODDS * top);
      evidence[count - 1] = wrong;
      shown[count - 1] = top;
    }
    let weight = 1;
    if (position) {
      const gap = Math.max(time - this.times[position - 1], MIN_GAP);
      const [kept, entered] = this.logProbabilities(gap);
      const best = argmax(score);
      const change = score[best] + entered;
      let run = null;
      for (let state = 0; state < count; state++) {
        if (score[state] + kept >= change) continue;
        run ??= this.run(best);
        this.before[state] = run;
        this.start[state] = position;
        this.sum[state] = 0;
        this.peak[state] = -1;
      }
      for (let state = 0; state < count; state++) score[state] = Math.max(score[state] + kept, change);
      weight = Math.min(1, gap / INDEPENDENT_SECONDS);
    }
    let highest = -Infinity;
    for (let state = 0; state < count; state++) {
      score[state] += weight * Math.log(evidence[state] + OUTLIERS / count);
      highest = Math.max(highest, score[state]);
      this.sum[state] += shown[state];
      if (shown[state] > this.peak[state]) {
        this.key[state] = position;
        this.peak[state] = shown[state];
      }
    }
    for (let state = 0; state < count; state++) score[state] -= highest;
    this.numbers.push(index);
    this.times.push(time);
    this.duration = duration;
  }

  // Returns the most likely segments so far, in order of time; `label` is an index, or null for “none of these”.
  segments() {
    if (!this.times.length) return [];
    const found = [];
    let last = this.times.length - 1;
    let end = this.times[last] + this.lastDuration();
    for (let run = this.run(argmax(this.score)); run; run = run.before) {
      found.push({
        label: run.state < this.labels ? run.state : null,
        start: this.times[run.start],
        end,
        confidence: Math.min(1, run.sum / (last - run.start + 1)),
        first_frame: this.numbers[run.start],
        last_frame: this.numbers[last],
        key_frame: this.numbers[run.key],
        key_time: this.times[run.key],
      });
      last = run.start - 1;
      end = this.times[run.start];
    }
    return found.reverse();
  }

  // How long the last frame is shown, in seconds: as the clip says, else for the median of the times of all frames.
  lastDuration() {
    return this.duration ?? median(gaps(this.times));
  }

  // The log-probabilities of the same state, and of one particular other state, after so many seconds.
  logProbabilities(gap) {
    const { count } = this;
    if (count < 2) return [0, 0];
    const forgotten = -Math.expm1(((-gap / EXPECTED_SECONDS) * count) / (count - 1));
    return [Math.log1p((-forgotten * (count - 1)) / count), Math.log(forgotten / count)];
  }

  run(state) {
    const { start, sum, key, before } = this;
    return { state, start: start[state], sum: sum[state], key: key[state], before: before[state] };
  }
}

function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

// How long a frame is shown if it is the last one, in seconds, or null: the twin of `_duration` in model/video/reader.py.
// `stated` is what its packet says, `gap` the time since the frame before, `clipEnd` how long the clip lasts; or null.
export function durationOf(stated, gap, time, clipEnd, { rate, end }) {
  let duration = stated || gap;
  if (duration === null) return null;
  // It stands for those after it, which are left out.
  if (rate) duration = Math.max(duration, Math.min(gap ?? 0, 1 / rate));
  for (const last of [clipEnd, end]) if (last && last > time) duration = Math.min(duration, last - time);
  return duration;
}

export const gaps = (times) => times.slice(1).map((time, place) => time - times[place]);

export function median(values) {
  if (!values.length) return 0;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
