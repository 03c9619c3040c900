// What the page knows of its model: site.json, and the labels in the visitor's language.

import { decimal, format, language, say } from "./texts.js";

const LABELS_IN_TITLE = 3;
const LABELS_IN_DESCRIPTION = 6;
const BACKGROUND_NAMED = 3;

export let site = null;
export let labels = [];

export async function loadSite() {
  site = await (await fetch("site.json")).json();
  labels = site.labels[language] ?? site.labels[""];
}

// The labels that name something: not “no flag”, unless there is nothing else.
export function knownLabels() {
  const known = labels.filter((_, index) => !site.model.background.includes(index));
  return known.length ? known : labels;
}

// How many labels name something, and in quotes those that do not: 97 and “no flag”; may be empty.
export function countOfLabels() {
  const known = knownLabels();
  const others = known === labels ? [] : site.model.background.map((index) => say("quoted", { text: labels[index] }));
  return { count: known.length, background: others.length ? enumeration(others, BACKGROUND_NAMED) : "" };
}

// Empty in site.json where it would only list the labels, which have names in other languages.
export function title() {
  const made = enumeration(knownLabels(), LABELS_IN_TITLE);
  return site.title[language] || made.slice(0, 1).toUpperCase() + made.slice(1);
}

export function description() {
  const known = knownLabels();
  const count = decimal(known.length);
  if (site.description[language]) return format(site.description[language], { count });
  if (known.length > LABELS_IN_DESCRIPTION) return say("recognises", { count });
  return say("recognises_these", { labels: enumeration(known, LABELS_IN_DESCRIPTION) });
}

// A label as it is shown: “golden_retriever” is a golden retriever. Files and programs get it as it is.
export const readable = (label) => label.replaceAll("_", " ").trim() || label;

// Labels as people list them: “cat, dog and horse”, “cat, dog and 35 more”.
function enumeration(known, most) {
  const names = known.map(readable);
  const first = names.slice(0, most - 1).join(", ");
  if (names.length > most) return `${first} ${say("and_more", { count: decimal(names.length - most + 1) })}`;
  if (names.length === 1) return names[0];
  return say("and_last", { names: names.slice(0, -1).join(", "), last: names[names.length - 1] });
}
