// Decodes a clip into frames with their times: the files by mediabunny (https://mediabunny.dev), the frames by the
// browser's WebCodecs, or by the page that plays the clip (page/clip_player.js) where there are none.
// Times are in seconds from the first frame, as in model/video/reader.py.

import { ALL_FORMATS, BlobSource, EncodedPacketSink, Input, VideoSampleSink } from "../runtime/mediabunny.js";
import { pixels } from "./decode.js";

const MOST_MEGAPIXELS = 40; // as `Limits.frame_megapixels`
const RGBX = { format: "RGBX", colorSpace: "srgb" };
const MIN_MISSING_SECONDS = 0.1;
const FAR = 1; // seconds between two wanted frames: what is between is not played

// Returns {duration, frames, input}: seconds or null, and a generator of {index, time, stated, image}, where `stated` is
// how long the file shows the frame, or null. `player` is the port of the page that plays the clip, or null.
export async function openClip(file, range, stopped, player) {
  if (!file.size) throw { key: "site_empty_file" };
  if (!player && typeof VideoDecoder === "undefined") throw { key: "site_no_webcodecs" };
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  const { track, first } = await videoTrack(input, file.name, player);
  const duration = await input.getDurationFromMetadata().catch(() => null);
  const told = duration === null ? null : duration - first;
  const failure = cannotDecode(track, file.name);
  const frames = player
    ? playedFrames(track, first, range, stopped, { player, failure })
    : framesOf(track, first, range, stopped);
  return { duration: told, input, frames };
}

async function videoTrack(input, name, player) {
  let track;
  try {
    track = await input.getPrimaryVideoTrack();
  } catch {
    throw { key: "site_not_a_clip", values: { name } };
  }
  if (!track) throw { key: "site_no_video", values: { name } };
  if (!player && !(await track.canDecode())) throw cannotDecode(track, name);
  return { track, first: await track.getFirstTimestamp() };
}

const cannotDecode = (track, name) => ({ key: "site_clip_codec", values: { name, codec: track.codec ?? "?" } });

async function* framesOf(track, first, range, stopped) {
  const painter = framePainter();
  const isWanted = chooser(range);
  let index = -1;
  for await (const sample of new VideoSampleSink(track).samples()) {
    try {
      if (stopped()) return; // also before the first frame that is asked for
      index++;
      const time = Math.max(0, sample.timestamp - first);
      if (range.end && time >= range.end) return;
      if (isWanted(time)) yield { index, time, stated: sample.duration || null, image: await painter(sample) };
    } finally {
      sample.close();
    }
  }
}

// Returns a function that says of the time of each frame, in order, whether the frame is to be classified.
function chooser({ rate, start, end }) {
  let lastSlot = -1;
  return (time) => {
    // One frame for each slot; 0.05 allows for containers that round times to milliseconds.
    const slot = rate ? Math.floor(time * rate + 0.05) : lastSlot + 1;
    const isNew = slot !== lastSlot;
    lastSlot = slot;
    return isNew && time >= start && !(end && time >= end);
  };
}

async function* playedFrames(track, first, range, stopped, { player, failure }) {
  const packets = [];
  for await (const packet of new EncodedPacketSink(track).packets(undefined, undefined, { metadataOnly: true })) {
    if (stopped()) return;
    packets.push({ time: Math.max(0, packet.timestamp - first), stated: packet.duration || null });
  }
  packets.sort((one, other) => one.time - other.time); // they are in the order in which they are decoded
  const times = packets.map(({ time }) => time);
  const isWanted = chooser(range);
  const wanted = [...times.keys()].filter((index) => isWanted(times[index]));
  for await (const { index, bitmap } of bitmapsOf(player, { times, wanted, far: FAR }, failure)) {
    const { width, height } = bitmap;
    const image = pixels(bitmap, width, height);
    bitmap.close();
    yield { index, ...packets[index], image };
    if (stopped()) return;
  }
}

// Yields {index, bitmap} of the wanted frames; throws `failure` where the player cannot play the clip.
async function* bitmapsOf(player, asked, failure) {
  const answer = () =>
    new Promise((resolve) => {
      player.onmessage = ({ data }) => resolve(data);
      player.postMessage({});
    });
  player.postMessage(asked);
  try {
    for (const [place, index] of asked.wanted.entries()) {
      const { bitmap, failed } = await answer();
      if (failed) throw place ? new Error("The player gave up.") : failure;
      if (bitmap) yield { index, bitmap };
    }
  } finally {
    player.postMessage({ end: true });
    player.close();
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
export async function keyFrames(file, times, side, player) {
  if (player) return playedKeyFrames(times, side, player);
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
      const { displayWidth, displayHeight } = sample;
      found.push(small(displayWidth, displayHeight, side, (context, ...box) => sample.draw(context, ...box)));
      sample.close();
    }
    return found;
  } finally {
    input.dispose();
  }
}

async function playedKeyFrames(times, side, player) {
  const found = [];
  for await (const { index, bitmap } of bitmapsOf(player, { times, wanted: [...times.keys()], far: 0 })) {
    found[index] = small(bitmap.width, bitmap.height, side, (context, ...box) => context.drawImage(bitmap, ...box));
    bitmap.close();
  }
  return found;
}

function small(width, height, side, draw) {
  const scale = Math.min(1, side / Math.max(width, height));
  const [across, down] = [width, height].map((length) => Math.max(1, Math.round(length * scale)));
  const context = new OffscreenCanvas(across, down).getContext("2d");
  draw(context, 0, 0, across, down);
  return context.canvas.transferToImageBitmap();
}

// Says whether frames are missing at the end, by what the file says of its duration.
export function breaksOff(duration, lastTime, usualGap) {
  return duration !== null && duration - lastTime - usualGap >= Math.max(MIN_MISSING_SECONDS, 3 * usualGap) + 1;
}
