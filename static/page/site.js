// What the page knows of its model: site.json, and the labels in the visitor's language.

import { decimal, format, language, say } from "./texts.js";

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

export const title = () => site.title[language];

export function description() {
  const known = knownLabels();
  const count = decimal(known.length);
  if (site.description[language]) return format(site.description[language], { count });
  return known.length === 1 ? say("recognises_one", { label: known[0] }) : say("recognises", { count });
}
