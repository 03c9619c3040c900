// The head of the page: the twin of interface/header.py and its template header.html.

import { el, fill } from "./dom.js";
import { description, knownLabels, readable, site, title } from "./site.js";
import { decimal, LANGUAGES, language, PARAMETER, say } from "./texts.js";

const CHIPS = 8;
const LISTED = 300;
const KEY = "vistazo-theme";

export function showHeader() {
  const known = knownLabels();
  const count = Math.min(CHIPS, known.length);
  const chips = Array.from({ length: count }, (_, place) => known[Math.floor((place * known.length) / count)]);
  const more = known.length - LISTED;
  const rest = more > 0 ? `, ${say("and_more", { count: decimal(more) })}` : "";
  document.title = title();
  const header = document.querySelector("#header");
  header.className = "vz-header";
  fill(
    header,
    el(
      "div",
      { className: "vz-intro" },
      el("p", { className: "vz-brand" }, "Vistazo"),
      el("h1", {}, title()),
      el("p", { className: "vz-description" }, description()),
    ),
    el(
      "div",
      { className: "vz-switches" },
      el("nav", { id: "languages", "aria-label": say("language") }, Object.entries(LANGUAGES).map(languageLink)),
      el("button", { type: "button", className: "vz-theme", onclick: switchTheme }, say("theme_switch")),
      site.address
        ? el(
            "a",
            { className: "vz-model-link", href: site.address, target: "_blank", rel: "noopener noreferrer" },
            say("model_link"),
          )
        : null,
    ),
    el(
      "div",
      { className: "vz-labels" },
      el(
        "ul",
        { "aria-label": say("labels") },
        chips.map((label) => el("li", {}, readable(label))),
      ),
      known.length > CHIPS
        ? el(
            "details",
            { id: "all-labels" },
            el("summary", {}, say("all_labels", { count: decimal(known.length) })),
            el("p", {}, known.slice(0, LISTED).map(readable).join(", ") + rest),
          )
        : null,
    ),
  );
}

function languageLink([code, name]) {
  const address = new URL(location.href);
  address.searchParams.set(PARAMETER, code);
  const current = code === language ? { "aria-current": "true" } : {};
  return el("a", { href: address.href, lang: code, hreflang: code, ...current }, name);
}

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a page that embeds this one may forbid it
  }
}

export function applyTheme() {
  const asked = new URLSearchParams(location.search).get("__theme");
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.classList.toggle("dark", (asked ?? stored() ?? system) === "dark");
}

function switchTheme() {
  const dark = document.documentElement.classList.toggle("dark");
  try {
    localStorage.setItem(KEY, dark ? "dark" : "light");
  } catch {
    // It holds until the page is closed.
  }
}
