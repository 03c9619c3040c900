// The Video tab: what a clip shows over time, its key frames, and its numbers as files.

import { fileBox } from "./box.js";
import { clipResults } from "./clip_results.js";
import { clipPlayer } from "./clip_player.js";
import { el, fill } from "./dom.js";
import { run } from "./engine.js";
import { stem } from "./image_tab.js";
import { site } from "./site.js";
import { openTab, setAddress } from "./tabs.js";
import { clock, decimal, percent, say } from "./texts.js";
import { drawTimeline, shownLabel } from "./timeline.js";

// Runs a task of a clip, which the page plays for it where it has to.
function ofClip(task, values, onProgress = undefined) {
  const player = clipPlayer(values.file);
  return run(task, { ...values, player }, onProgress, player ? [player] : []);
}

const SECONDS_BEFORE_AN_ESTIMATE = 2;
const MOST_KEY_FRAMES = 48;
const KEY_FRAME_SIDE = 240;

export function videoTab() {
  let newest = 0;
  let shown = null; // {file, player, address}

  const box = fileBox({
    id: "clip",
    accept: "video/*,.mkv",
    text: say("site_drop_clip"),
    given: ([file]) => {
      setAddress({ example: null });
      read(file);
    },
    removed: clear,
  });
  const status = el("p", { id: "status", role: "status" });
  const stop = el(
    "button",
    { type: "button", className: "button", id: "stop", disabled: true, onclick: () => run("stop") },
    say("stop"),
  );
  const timeline = el("div", { className: "vz-timeline", id: "timeline" }, say("timeline_empty"));
  const keyFrames = el("div", { id: "key-frames" });
  const results = el("div", { id: "clip-results" });
  const [rate, start, end] = ["rate", "from", "to"].map((key) => number(key));
  const again = el(
    "button",
    { type: "button", className: "button", disabled: true, onclick: () => read(shown.file) },
    say("read_clip"),
  );
  const panel = el(
    "section",
    {},
    el(
      "div",
      { className: "columns wide-left" },
      el(
        "div",
        {},
        box.element,
        el("p", { className: "note", id: "not-playable", hidden: true }, say("site_not_playable")),
      ),
      el(
        "div",
        {},
        el("p", { className: "hint" }, say("clip_hint")),
        examples(),
        el(
          "details",
          { className: "part" },
          el("summary", {}, say("which_frames")),
          rate.element,
          start.element,
          end.element,
          again,
        ),
      ),
    ),
    el("div", { className: "progress" }, status, stop),
    timeline,
    keyFrames,
    results,
  );

  // Not before: nobody may want them.
  panel.addEventListener("open", () => {
    for (const preview of panel.querySelectorAll("video[data-src]")) {
      preview.src = preview.dataset.src;
      preview.removeAttribute("data-src");
    }
  });

  function number(key) {
    const input = el("input", { type: "number", min: "0", step: "any", value: "0", id: `range-${key}` });
    const info = { rate: "rate_info", from: "seconds_info", to: "to_info" }[key];
    return {
      input,
      element: el(
        "p",
        {},
        el("label", { htmlFor: input.id }, say(key)),
        " ",
        input,
        el("br"),
        el("small", {}, say(info)),
      ),
    };
  }

  function clear() {
    newest++;
    run("stop");
    if (shown) URL.revokeObjectURL(shown.address);
    shown = null;
    box.clear();
    fill(timeline, say("timeline_empty"));
    fill(keyFrames);
    fill(results);
    tell("");
    again.disabled = stop.disabled = true;
    panel.querySelector("#not-playable").hidden = true;
    setAddress({ example: null });
  }

  function tell(sentence, failed = false) {
    status.textContent = sentence;
    status.className = failed ? "failed" : "";
  }

  function seek(time) {
    if (shown) shown.player.currentTime = time;
  }

  function play(file) {
    if (shown) URL.revokeObjectURL(shown.address);
    const address = URL.createObjectURL(file);
    const player = el("video", { src: address, controls: true, muted: true, playsInline: true, preload: "auto" });
    const note = panel.querySelector("#not-playable");
    note.hidden = true;
    player.addEventListener("error", () => {
      note.hidden = status.className === "failed";
    });
    for (const event of ["timeupdate", "seeking"]) {
      player.addEventListener(event, () => {
        timeline.style.setProperty("--playhead", Math.min(1, player.currentTime / (timeline.dataset.duration || 1)));
        timeline.style.setProperty("--playing", player.currentTime > 0 ? 1 : 0);
      });
    }
    shown = { file, player, address };
    box.show(player);
  }

  async function read(file) {
    const mine = ++newest;
    const range = {
      rate: rate.input.valueAsNumber || 0,
      start: start.input.valueAsNumber || 0,
      end: end.input.valueAsNumber || 0,
    };
    if (range.end && range.end <= range.start) {
      tell(say("bad_range", { first: range.start, last: range.end }), true);
      return;
    }
    if (shown?.file !== file) play(file);
    fill(keyFrames);
    fill(results);
    tell(say("reading_begins"));
    stop.disabled = false;
    again.disabled = true;
    try {
      const clip = await ofClip("clip", { file, range }, (update) => mine === newest && showProgress(update, range));
      if (mine !== newest) return;
      if (!clip.times) {
        tell(say("stopped_before"));
        return;
      }
      showEnd(clip);
      fill(results, clipResults(clip, file.name));
      await showKeyFrames(file, clip, mine);
    } catch (error) {
      if (mine === newest) {
        tell(error.message, true);
        panel.querySelector("#not-playable").hidden = true;
        fill(timeline, say("timeline_empty"));
      }
    } finally {
      if (mine === newest) {
        stop.disabled = true;
        again.disabled = false;
      }
    }
  }

  function showProgress(update, range) {
    const { frames, at, seconds, end: whole } = update;
    drawTimeline(timeline, update, whole, seek);
    const speed = decimal(frames / Math.max(seconds, 1e-3));
    const done = at - range.start;
    // A first frame says nothing about the time that is left.
    if (!whole || done <= 0 || seconds < SECONDS_BEFORE_AN_ESTIMATE) {
      tell(say("reading_time", { time: clock(at), speed }));
      return;
    }
    const left = (seconds / done) * Math.max(0, whole - at);
    tell(say("reading_share", { share: percent(Math.min(1, at / whole)), speed, left: clock(Math.ceil(left)) }));
  }

  function showEnd(clip) {
    drawTimeline(timeline, clip, clip.at, seek);
    const count = clip.times.length;
    const said = [say("frames_read", { count: decimal(count), speed: decimal(count / Math.max(clip.seconds, 1e-3)) })];
    if (clip.stop) said.unshift(say("stopped_at", { time: clock(clip.at) }));
    if (clip.damaged !== null) said.push(say("site_clip_breaks_off", { time: decimal(clip.damaged, 1) }));
    tell(said.join(" "));
  }

  async function showKeyFrames(file, { segments }, mine) {
    const longest = [...segments].sort((a, b) => b.end - b.start - (a.end - a.start)).slice(0, MOST_KEY_FRAMES);
    const chosen = longest.sort((a, b) => a.key_time - b.key_time);
    const times = chosen.map((one) => one.key_time);
    const bitmaps = await ofClip("keyFrames", { file, times, side: KEY_FRAME_SIDE });
    if (mine !== newest) return;
    const tiles = chosen.map((segment, place) => {
      const bitmap = bitmaps[place];
      if (!bitmap) return null;
      const canvas = el("canvas", { width: bitmap.width, height: bitmap.height });
      canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
      const caption = `${clock(segment.start)} ${shownLabel(segment.label)}`;
      return el("li", {}, el("button", { type: "button", onclick: () => seek(segment.key_time) }, canvas, caption));
    });
    fill(keyFrames, el("p", { className: "small" }, say("key_frames")), el("ul", { className: "tiles" }, tiles));
  }

  function examples() {
    if (!site.clips.length) return null;
    return el(
      "div",
      {},
      el("p", { className: "small" }, say("examples")),
      el(
        "ul",
        { className: "examples clips", id: "clip-examples" },
        site.clips.map(({ file, label }) =>
          el(
            "li",
            {},
            el(
              "button",
              {
                type: "button",
                "data-example": stem(file),
                "aria-label": label || stem(file),
                onclick: () => openClipExample(file),
              },
              el("video", { "data-src": `${file}#t=0.1`, muted: true, preload: "metadata", tabIndex: -1 }),
            ),
          ),
        ),
      ),
    );
  }

  async function openClipExample(file) {
    openTab("video");
    setAddress({ example: stem(file) });
    read(new File([await (await fetch(file)).blob()], file.split("/").pop()));
  }

  return {
    panel,
    read,
    openExample(name) {
      const found = site.clips.find(({ file }) => stem(file) === name);
      if (found) openClipExample(found.file);
      return Boolean(found);
    },
  };
}
