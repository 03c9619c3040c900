// Builds the page.

import { aboutTab } from "./about_tab.js";
import { batchTab } from "./batch_tab.js";
import { cameraTab } from "./camera_tab.js";
import { el, fill } from "./dom.js";
import { run } from "./engine.js";
import { takeFiles } from "./dropping.js";
import { applyTheme, showHeader } from "./header.js";
import { imageTab } from "./image_tab.js";
import { loadSite, site, title } from "./site.js";
import { asked, showTabs } from "./tabs.js";
import { loadTexts, say } from "./texts.js";
import { videoTab } from "./video_tab.js";

const MILLISECONDS_BEFORE_KEEPING = 2000;

applyTheme();
await loadTexts();
await loadSite();
showHeader();
const image = imageTab();
const video = videoTab();
const batch = batchTab();
showTabs(document.querySelector("main"), [
  { id: "image", text: "image_tab", panel: image.panel },
  { id: "video", text: "video_tab", panel: video.panel },
  { id: "camera", text: "camera_tab", panel: cameraTab().panel },
  { id: "batch", text: "batch_tab", panel: batch.panel },
  { id: "about", text: "about_tab", panel: aboutTab().panel },
]);
takeFiles({ image: ([file]) => image.classify(file), batch: batch.classify, clip: ([file]) => video.read(file) });
const loading = el("p", {}, el("progress", { "aria-label": say("waiting") }));
fill(
  document.querySelector("footer"),
  loading,
  el("p", {}, say("model_is", { title: site.repository ? `${site.repository} (${site.commit})` : title() })),
  el("p", {}, say("site_private")),
);
run("load", {}, ({ fetched }) =>
  loading.querySelector("progress").setAttribute("value", Math.min(1, fetched / (2.9e6 + site.model.bytes))),
).then(
  ({ program }) => {
    loading.remove();
    // For use without a network: once the first answer has had the connection. A page that embeds this one may forbid it.
    setTimeout(
      () => navigator.serviceWorker?.register(`service-worker.js?program=${program}`).catch(() => {}),
      MILLISECONDS_BEFORE_KEEPING,
    );
  },
  (error) => fill(loading, error.message),
);
const example = asked("example");
if (example && !video.openExample(example)) image.openExample(example);
