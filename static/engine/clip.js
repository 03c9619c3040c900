// Decodes a clip into frames with their times: the files by mediabunny (https://mediabunny.dev), the frames by the
// browser's WebCodecs. Times are in seconds from the first frame, as in model/video/reader.py.

import { ALL_FORMATS, BlobSource, Input, VideoSampleSink } from "../runtime/mediabunny.js";

const MOST_MEGAPIXELS = 40; // as `Limits.frame_megapixels`
const RGBX = { format: "RGBX", colorSpace: "srgb" };
const MIN_MISSING_SECONDS = 0.1;

// Returns {duration, frames, input}: seconds or null, and a generator of {index, time, image}.
export async function openClip(file, { rate, start, end }, stopped) {
  if (!file.size) throw { key: "site_empty_file" };
  if (typeof VideoDecoder === "undefined") throw { key: "site_no_webcodecs" };
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  const { track, first } = await videoTrack(input, file.name);
  const duration = await input.getDurationFromMetadata().catch(() => null);
  const told = duration === null ? null : duration - first;
  return { duration: told, input, frames: framesOf(track, first, { rate, start, end, stopped }) };
}

async function videoTrack(input, name) {
  let track;
  try {
    track = await input.getPrimaryVideoTrack();
  } catch {
    throw { key: "site_not_a_clip", values: { name } };
  }
  if (!track) throw { key: "site_no_video", values: { name } };
  if (!(await track.canDecode())) throw { key: "site_clip_codec", values: { name, codec: track.codec ?? "?" } };
  return { track, first: await track.getFirstTimestamp() };
}

async function* framesOf(track, first, { rate, start, end, stopped }) {
  const painter = framePainter();
  let index = -1;
  let lastSlot = -1;
  for await (const sample of new VideoSampleSink(track).samples()) {
    try {
      if (stopped()) return; // also before the first frame that is asked for
      index++;
      const time = Math.max(0, sample.timestamp - first);
      if (end && time >= end) return;
      // One frame for each slot; 0.05 allows for containers that round times to milliseconds.
      const slot = rate ? Math.floor(time * rate + 0.05) : index;
      const chosen = slot !== lastSlot && time >= start;
      lastSlot = slot;
      if (chosen) yield { index, time, image: await painter(sample) };
    } finally {
      sample.close();
    }
  }
}

// Returns a function that turns samples into pixels; it uses the same memory for all frames.
function framePainter() {
  let context = null;
  let data = null;
  let direct = true; // copied without a canvas, which is faster; not every browser converts colours there
  return async (sample) => {
    const { width: across, height: down } = sample.visibleRect;
    const [width, height] = sample.rotation % 180 ? [down, across] : [across, down];
    if (width * height > MOST_MEGAPIXELS * 1e6) {
      throw { key: "site_huge_frames", values: { width, height, limit: MOST_MEGAPIXELS } };
    }
    if (data?.length !== width * height * 4) data = new Uint8Array(width * height * 4);
    if (direct && !sample.rotation && !sample.flip && !sample.hasAlpha) {
      try {
        direct = sample.allocationSize(RGBX) === data.length; // a browser may not know the option
        if (direct) {
          await sample.copyTo(data, RGBX);
          return { data, width, height, bytes: 4 };
        }
      } catch {
        direct = false;
      }
    }
    if (context?.canvas.width !== width || context.canvas.height !== height) {
      context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    }
    if (sample.hasAlpha) {
      context.fillStyle = "#fff";
      context.fillRect(0, 0, width, height);
    }
    sample.draw(context, 0, 0, width, height);
    return { data: context.getImageData(0, 0, width, height).data, width, height, bytes: 4 };
  };
}

// Returns small images of the frames at these times, in order, as bitmaps.
export async function keyFrames(file, times, side) {
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  try {
    const { track, first } = await videoTrack(input, file.name);
    const found = [];
    // A little later than the frame begins: containers round times.
    for await (const sample of new VideoSampleSink(track).samplesAtTimestamps(
      times.map((time) => time + first + 1e-4),
    )) {
      if (!sample) {
        found.push(null);
        continue;
      }
      const scale = Math.min(1, side / Math.max(sample.displayWidth, sample.displayHeight));
      const width = Math.max(1, Math.round(sample.displayWidth * scale));
      const height = Math.max(1, Math.round(sample.displayHeight * scale));
      const context = new OffscreenCanvas(width, height).getContext("2d");
      sample.draw(context, 0, 0, width, height);
      sample.close();
      found.push(context.canvas.transferToImageBitmap());
    }
    return found;
  } finally {
    input.dispose();
  }
}

// Says whether frames are missing at the end, by what the file says of its duration.
export function breaksOff(duration, lastTime, usualGap) {
  return duration !== null && duration - lastTime - usualGap >= Math.max(MIN_MISSING_SECONDS, 3 * usualGap) + 1;
}
