// Files dropped anywhere on the page, or pasted into it, go to the tab that classifies them.

import { openTab, openTabId } from "./tabs.js";

// `tabs` has a function for each kind of file: image and clip take one, batch takes several.
export function takeFiles(tabs) {
  const give = (files) => {
    const [kind, id] = target(files);
    if (!tabs[kind]) return;
    if (openTabId() !== id) openTab(id);
    tabs[kind](files);
  };
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const files = [...event.dataTransfer.files];
    if (files.length) give(files);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || event.target.closest?.("input:not([type=file]), textarea")) return;
    event.preventDefault();
    give(files);
  });
}

function target(files) {
  if (files.length > 1 || (openTabId() === "batch" && !isClip(files[0]))) return ["batch", "batch"];
  return isClip(files[0]) ? ["clip", "video"] : ["image", "image"];
}

export const isClip = ({ name, type }) => type.startsWith("video") || /[.](mp4|m4v|mov|webm|mkv)$/i.test(name);
