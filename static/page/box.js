// A box for files: chosen, dropped on it, or pasted anywhere in the page (page/dropping.js).

import { el } from "./dom.js";
import { say } from "./texts.js";

// `given` is called with the files. Returns {element, input, show, clear}.
export function fileBox({ id, accept, multiple = false, text, given, removed, low = false }) {
  const input = el("input", {
    type: "file",
    accept,
    multiple,
    hidden: true,
    onchange: () => {
      if (input.files.length) given([...input.files]);
      input.value = "";
    },
  });
  const choose = el(
    "button",
    { type: "button", className: "choose", onclick: () => input.click() },
    arrow(),
    el("span", {}, text),
    el("span", {}, say("site_or")),
  );
  const remove = el(
    "button",
    { type: "button", className: "button remove", hidden: true, title: say("site_remove"), onclick: () => removed() },
    "×",
  );
  remove.setAttribute("aria-label", say("site_remove"));
  const element = el("div", { id, className: low ? "box low" : "box" }, input, choose, remove);
  const shown = [];
  const over = (event, state) => {
    event.preventDefault();
    element.classList.toggle("over", state);
  };
  element.addEventListener("dragover", (event) => over(event, true));
  element.addEventListener("dragleave", (event) => over(event, false));
  element.addEventListener("drop", (event) => {
    over(event, false);
    event.stopPropagation();
    const files = [...event.dataTransfer.files];
    if (files.length) given(files);
  });
  const clear = () => {
    for (const one of shown.splice(0)) one.remove();
    choose.hidden = false;
    remove.hidden = true;
  };
  const show = (...elements) => {
    clear();
    shown.push(...elements);
    element.append(...elements, remove);
    choose.hidden = true;
    remove.hidden = !removed;
  };
  return { element, input, show, clear };
}

function arrow() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [name, value] of Object.entries({
    d: "M4 15v5h16v-5M12 16V4m-5 5 5-5 5 5",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "2",
  })) {
    path.setAttribute(name, value);
  }
  svg.append(path);
  return svg;
}
