// The Image tab: what an image is and how sure that is, and a heat map of what speaks for each label.

import { fileBox } from "./box.js";
import { card, failedCard, ranking } from "./card.js";
import { el, fill } from "./dom.js";
import { run } from "./engine.js";
import { drawHeat } from "./heat.js";
import { labels, readable, site } from "./site.js";
import { openTab, setAddress } from "./tabs.js";
import { say } from "./texts.js";

const LEAST_EXPLAINED = 0.01;

export function imageTab() {
  let newest = 0;
  let shown = null; // {image, address, prepared, ranked}
  let heatOn = false;

  const box = fileBox({
    id: "image",
    accept: "image/*",
    text: say("site_drop_image"),
    given: ([file]) => {
      setAddress({ example: null });
      classify(file);
    },
    removed: clear,
  });
  const answer = el("div", { id: "answer", "aria-live": "polite" }, say("card_empty"));
  const heatButton = el(
    "button",
    { type: "button", className: "button", id: "heat-button", disabled: true, onclick: toggleHeat },
    say("show_heat"),
  );
  const why = el("fieldset", { className: "choice", hidden: true });
  const legend = el("p", { className: "note", id: "legend", hidden: true });
  const panel = el(
    "section",
    {},
    el(
      "div",
      { className: "columns" },
      el("div", {}, box.element, site.model.map ? el("div", { className: "buttons" }, heatButton) : null, why, legend),
      answer,
      examples(),
    ),
  );

  function clear() {
    newest++;
    forget();
    box.clear();
    fill(answer, say("card_empty"));
    setAddress({ example: null });
  }

  function forget() {
    if (shown) URL.revokeObjectURL(shown.address);
    shown = null;
    heatOn = false;
    heatButton.disabled = true;
    heatButton.textContent = say("show_heat");
    why.hidden = legend.hidden = true;
  }

  async function classify(file) {
    const mine = ++newest;
    forget();
    const address = URL.createObjectURL(file);
    const image = el("img", { src: address, alt: "" });
    box.show(image);
    answer.setAttribute("aria-busy", "true");
    try {
      const found = await run("classify", { file });
      if (mine !== newest) return;
      shown = { image, address, prepared: found.prepared, ranked: ranking(found.probabilities) };
      heatButton.disabled = false;
      fill(answer, card(found));
    } catch (error) {
      if (mine !== newest) return;
      fill(answer, failedCard(error.message));
    } finally {
      if (mine === newest) answer.removeAttribute("aria-busy");
    }
  }

  async function toggleHeat() {
    heatOn = !heatOn;
    heatButton.textContent = say(heatOn ? "hide_heat" : "show_heat");
    why.hidden = legend.hidden = true;
    if (!heatOn) {
      box.show(shown.image);
      return;
    }
    const offered = shown.ranked.filter(({ probability }, place) => !place || probability >= LEAST_EXPLAINED);
    fill(
      why,
      el("legend", {}, say("why")),
      offered.map(({ index, label }, place) =>
        el(
          "label",
          {},
          el("input", { type: "radio", name: "why", checked: !place, onchange: () => showHeat(index) }),
          ` ${label}`,
        ),
      ),
    );
    await showHeat(offered[0].index);
  }

  async function showHeat(index) {
    const mine = newest;
    try {
      const found = await run("explain", { prepared: shown.prepared, label: index });
      if (mine !== newest || !heatOn) return;
      const canvas = drawHeat(shown.image, found, site.model.input);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", say("heat"));
      box.show(canvas);
      legend.textContent = say("heat_legend", { label: readable(labels[index]) });
      why.hidden = legend.hidden = false;
    } catch (error) {
      legend.textContent = error.message;
      legend.hidden = false;
    }
  }

  function examples() {
    if (!site.examples.length) return null;
    return el(
      "div",
      {},
      el("p", { className: "small" }, say("examples")),
      el(
        "ul",
        { className: "examples", id: "image-examples" },
        site.examples.map(({ file, small, label }) =>
          el(
            "li",
            {},
            el(
              "button",
              { type: "button", "data-example": stem(file), onclick: () => openExample(file) },
              el("img", { src: small ?? file, alt: label || stem(file), loading: "lazy" }),
            ),
          ),
        ),
      ),
    );
  }

  async function openExample(file) {
    openTab("image");
    setAddress({ example: stem(file) });
    classify(await (await fetch(file)).blob());
  }

  return {
    panel,
    classify,
    openExample(name) {
      const found = site.examples.find(({ file }) => stem(file) === name);
      if (found) openExample(found.file);
    },
  };
}

export const stem = (file) =>
  file
    .split("/")
    .pop()
    .replace(/[.][^.]*$/, "");
