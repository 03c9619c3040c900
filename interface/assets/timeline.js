// Runs once in the page, with the timeline as `element`. The player is the clip's own: moving it needs no request.
const seek = (event) => {
  const segment = event.target.closest("[data-start]");
  const lane = event.target.closest("[data-duration]");
  const player = document.querySelector("#clip video");
  if (!player || !(segment || lane)) return;
  let time = segment ? Number.parseFloat(segment.dataset.start) : 0;
  if (lane && event.type === "click" && event.detail > 0) {
    const box = lane.getBoundingClientRect();
    time = ((event.clientX - box.left) / box.width) * Number.parseFloat(lane.dataset.duration);
  }
  player.currentTime = Math.max(0, time);
};
element.addEventListener("click", seek);
element.addEventListener("keydown", (event) => {
  if (event.key === "Enter") seek(event);
});

// The line that shows where the player is.
const follow = (event) => {
  if (!event.target.matches?.("#clip video")) return;
  const duration = Number.parseFloat(element.querySelector("[data-duration]")?.dataset.duration);
  element.style.setProperty("--playhead", Math.min(1, event.target.currentTime / (duration || 1)));
  element.style.setProperty("--playing", event.target.currentTime > 0 ? 1 : 0);
};
document.addEventListener("timeupdate", follow, true);
document.addEventListener("seeking", follow, true);

// A player's events do not bubble, but the document can capture them.
const showPlayable = (playable) => (event) => {
  if (event.target.matches?.("#clip video")) {
    document.querySelector("#not-playable")?.toggleAttribute("data-shown", !playable);
    if (!playable) event.stopPropagation(); // or Gradio would call it an error
  }
};
document.addEventListener("error", showPlayable(false), true);
document.addEventListener("loadedmetadata", showPlayable(true), true);
