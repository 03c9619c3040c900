// Plays a clip, muted and unseen, and gives the worker its frames, for browsers without WebCodecs: old ones, and every
// browser where the page comes over plain HTTP. Slower than decoding, and only while the page is in sight.
// https://wicg.github.io/video-rvfc/

import { el } from "./dom.js";

const MOST_KEPT = 4; // frames that the worker has not asked for yet
const SLOWEST = 0.0625; // the lowest speed that every browser plays
const SECONDS_IN_SIGHT = 0.05;
const SLOWER = 0.8;
const MILLISECONDS_TO_SHOW = 100; // after a seek; a frame that is in sight already is not announced again
const MOST_TRIES = 5;
const PAST_THE_START = 0.004; // seconds into a frame: containers round times

// Returns a port. It takes {times, wanted, far}: the times of the frames in seconds from the first, the indices of those
// that are wanted, and from how many seconds on it seeks rather than plays; then {} for each frame, answered by {bitmap}
// or {failed}, or {} where the
// frame cannot be had; at last {end}. Null where the browser decodes clips itself, or cannot tell frames apart either.
export function clipPlayer(file) {
  if (typeof VideoDecoder !== "undefined" || !("requestVideoFrameCallback" in HTMLVideoElement.prototype)) return null;
  const { port1: port, port2 } = new MessageChannel();
  const player = el("video", { muted: true, playsInline: true, preload: "auto" });
  let address = null;
  const kept = [];
  let times = [];
  let wanted = [];
  let far = 0;
  let next = 0; // of `wanted`
  let first = null; // the player's time of the first frame
  let asked = false;
  let seeking = false;
  let tries = 0; // how often the next frame was sought
  let failed = false;
  let timer = 0;

  port.onmessage = ({ data }) => {
    if (data.end) close();
    else if (data.times) {
      ({ times, wanted, far } = data);
      player.requestVideoFrameCallback(shown);
      player.playbackRate = player.defaultPlaybackRate = fitting(times);
      player.src = address = URL.createObjectURL(file);
    } else {
      asked = true;
      answer();
      steer();
    }
  };
  player.addEventListener("error", () => {
    failed = true;
    answer();
  });
  player.addEventListener("seeked", () => {
    if (seeking) timer = setTimeout(playOn, MILLISECONDS_TO_SHOW);
  });
  player.addEventListener("ended", missed);

  function shown(_, { mediaTime, expectedDisplayTime }) {
    if (!player.src) return;
    player.requestVideoFrameCallback(shown);
    if (first === null) {
      first = mediaTime;
      steer();
    }
    if (next === wanted.length) return;
    const index = nearest(mediaTime - first);
    if (index < wanted[next]) return;
    const bitmap = index === wanted[next] ? drawn() : null;
    // Where this comes late, the next frame may have been drawn.
    const late = ((performance.now() - expectedDisplayTime) / 1000) * player.playbackRate;
    if (bitmap && (seeking || !(late > (times[index + 1] - times[index]) / 2))) passOn(bitmap);
    else missed();
  }

  // Frames stay in sight for so long that none is missed on most devices.
  function fitting(times) {
    const gaps = times.slice(1).map((time, place) => time - times[place]);
    const short = gaps.sort((one, other) => one - other)[Math.floor(gaps.length / 10)] ?? 1;
    return Math.min(1, Math.max(SLOWEST, short / SECONDS_IN_SIGHT));
  }

  function nearest(time) {
    let index = next ? wanted[next - 1] : 0;
    while (index + 1 < times.length && Math.abs(times[index + 1] - time) <= Math.abs(times[index] - time)) index++;
    return index;
  }

  // A frame was not shown in time: it is sought, and what follows plays more slowly.
  function missed() {
    if (seeking || next === wanted.length) return;
    player.playbackRate = Math.max(SLOWEST, player.playbackRate * SLOWER);
    if (tries < MOST_TRIES) seek();
    else passOn(null);
  }

  // Each time a frame earlier: a browser may show the frame before the one that was sought, or the one after it.
  function seek() {
    seeking = true;
    player.pause();
    player.currentTime = first + times[Math.max(0, wanted[next] - tries)] + PAST_THE_START;
    tries++;
  }

  function playOn() {
    clearTimeout(timer);
    seeking = false;
    steer();
  }

  function drawn() {
    const canvas = new OffscreenCanvas(player.videoWidth, player.videoHeight);
    canvas.getContext("2d").drawImage(player, 0, 0);
    return canvas.transferToImageBitmap();
  }

  function passOn(bitmap) {
    kept.push(bitmap);
    next++;
    tries = 0;
    answer();
    playOn();
  }

  function steer() {
    if (seeking || first === null) return;
    if (next === wanted.length || kept.length >= MOST_KEPT) player.pause();
    else if (!tries && (!next || times[wanted[next]] - times[wanted[next - 1]] > far)) seek();
    else if (player.paused) player.play().catch(() => {});
  }

  function answer() {
    if (!asked || !(kept.length || failed)) return;
    asked = false;
    const bitmap = kept.shift() ?? null;
    port.postMessage({ bitmap, failed: failed && !bitmap }, bitmap ? [bitmap] : []);
  }

  function close() {
    clearTimeout(timer);
    player.pause();
    player.removeAttribute("src");
    player.load();
    URL.revokeObjectURL(address);
    for (const bitmap of kept) bitmap?.close();
    port.close();
  }

  return port2;
}
