// The tabs of the page, and its address: `?tab=video`, `?example=brazil`, as the Gradio page has them.

import "../shared/address.js";
import { el } from "./dom.js";
import { say } from "./texts.js";

const opened = new Map();
let current = null;

// `tabs` is a list of {id, text, panel}. A panel's listeners get the events “open” and “close”.
export function showTabs(main, tabs) {
  const buttons = tabs.map(({ id, text }) =>
    el(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-button-${id}`,
        "data-tab-id": id,
        "aria-controls": `tab-${id}`,
        onclick: () => openTab(id),
      },
      say(text),
    ),
  );
  const bar = el("div", { className: "tabs", role: "tablist", onkeydown: (event) => byArrow(event, buttons) }, buttons);
  for (const [place, { id, panel }] of tabs.entries()) {
    panel.id = `tab-${id}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-button-${id}`);
    opened.set(id, { button: buttons[place], panel });
  }
  main.replaceChildren(bar, ...tabs.map(({ panel }) => panel));
  select(asked("tab") in Object.fromEntries(opened) ? asked("tab") : tabs[0].id);
}

export const asked = (name) => new URLSearchParams(location.search).get(name);

export const openTabId = () => current;

export function openTab(id) {
  select(id);
  setAddress({ tab: id, example: null });
}

export const setAddress = (values) => window.vistazo.setAddress(values);

function select(id) {
  if (id === current) return;
  for (const [name, { button, panel }] of opened) {
    const selected = name === id;
    button.setAttribute("aria-selected", String(selected));
    button.tabIndex = selected ? 0 : -1;
    panel.hidden = !selected;
    if (selected || name === current) panel.dispatchEvent(new Event(selected ? "open" : "close"));
  }
  current = id;
}

function byArrow(event, buttons) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const place = (buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length;
  buttons[place].click();
  buttons[place].focus();
}
