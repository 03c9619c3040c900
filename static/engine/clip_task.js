// Predicts the frames of a clip while it is decoded, and tells the page how far it is.

import { breaksOff, openClip } from "./clip.js";
import { prepare } from "./prepare.js";
import { ClipRecord } from "./record.js";
import { durationOf, gaps, median } from "./segments.js";

const MILLISECONDS_BETWEEN = 400;
const SHARE_FOR_PROGRESS = 0.1; // of the time, however long the clip is

// `classified` predicts a prepared image; `stopped` is asked before each frame. Returns what
// `ClipRecord.whole` does; {stop} alone where it was stopped before the first frame.
export async function readClip({ file, range, player, model, labels, classified, stopped }, progress) {
  const began = performance.now();
  const { duration, frames, input } = await openClip(file, range, stopped, player);
  const record = new ClipRecord(labels, model);
  const end = Math.min(range.end || Infinity, duration ?? Infinity);
  const known = { end: Number.isFinite(end) ? end : null };
  let next = 0;
  let damaged = null;
  try {
    for await (const { index, time, stated, image } of frames) {
      const found = await classified(prepare(image, model.input));
      const gap = record.length ? time - lastTime(record) : null;
      record.add({ index, time, duration: durationOf(stated, gap, time, duration, range), ...found });
      const now = performance.now();
      if (now >= next) {
        progress({ ...known, ...record.summary(), at: time, seconds: (now - began) / 1000 });
        await breathe();
        const spent = performance.now() - now;
        next = performance.now() + Math.max(MILLISECONDS_BETWEEN, spent / SHARE_FOR_PROGRESS);
      }
    }
  } catch (error) {
    if (error?.key || !record.length)
      throw error?.key ? error : { key: "site_clip_damaged", values: { name: file.name } };
    damaged = lastTime(record);
  } finally {
    input.dispose();
  }
  const stop = stopped();
  if (!record.length && stop) return { stop };
  if (!record.length) throw { key: "no_frame", values: { name: file.name } };
  const at = lastTime(record);
  if (!stop && !range.end && breaksOff(duration, at, median(gaps(record.finder.times)))) damaged = at;
  return { ...known, ...record.whole(), at, seconds: (performance.now() - began) / 1000, stop, damaged };
}

const lastTime = (record) => record.finder.times[record.length - 1];

// Lets the messages of the page through, such as “stop”.
const breathe = () =>
  new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(null);
  });
