// The Camera tab: the camera's images are classified one after the other, as fast as the device can.

import { card, failedCard } from "./card.js";
import { el, fill } from "./dom.js";
import { run } from "./engine.js";
import { say } from "./texts.js";

const SHARE_OF_PREVIOUS = 0.6; // of the shown probabilities: a single frame does not make them jump

export function cameraTab() {
  let stream = null;
  const player = el("video", { muted: true, playsInline: true, autoplay: true, "aria-label": say("camera") });
  const box = el("div", { className: "box", id: "camera" }, player);
  const live = el("div", { id: "live" }, say("camera_empty"));
  const toggle = el(
    "button",
    { type: "button", className: "button", id: "camera-button", onclick: () => (stream ? stop() : start()) },
    say("site_camera_on"),
  );
  const panel = el(
    "section",
    {},
    el("div", { className: "columns" }, el("div", {}, box, el("div", { className: "buttons" }, toggle)), live),
  );
  panel.addEventListener("close", stop);

  async function start() {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    } catch {
      stream = null; // no camera, or it is not allowed; without HTTPS there is no mediaDevices
      fill(live, failedCard(say("site_no_camera")));
      return;
    }
    toggle.textContent = say("site_camera_off");
    player.srcObject = stream;
    await player.play();
    classify(stream, null);
  }

  function stop() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    player.srcObject = null;
    toggle.textContent = say("site_camera_on");
  }

  async function classify(mine, shown) {
    if (mine !== stream) return;
    try {
      const bitmap = await createImageBitmap(player);
      const found = await run("frame", { bitmap }, undefined, [bitmap]);
      if (mine !== stream) return;
      const smooth = shown
        ? found.probabilities.map((value, label) => SHARE_OF_PREVIOUS * shown[label] + (1 - SHARE_OF_PREVIOUS) * value)
        : found.probabilities;
      fill(live, card({ ...found, probabilities: smooth }));
      requestAnimationFrame(() => classify(mine, smooth));
    } catch (error) {
      if (mine !== stream) return;
      fill(live, failedCard(error.message));
      stop();
    }
  }

  return { panel };
}
