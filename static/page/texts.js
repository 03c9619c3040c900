// The page's language, its texts, and numbers as people write them in it.

const LANGUAGES = { en: "English", es: "Español", fr: "Français" };
const PARAMETER = "lang";
const NO_BREAK = "\u00a0";
const SEPARATORS = { en: [",", "."], es: ["\u00a0", ","], fr: ["\u202f", ","] };

let texts = {};
export let language = "en";

export { LANGUAGES, PARAMETER };

// Loads the texts of the language that the address names, else of the browser's.
export async function loadTexts() {
  const asked = new URLSearchParams(location.search).get(PARAMETER);
  const preferred = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
  language = [asked, ...preferred].find((tag) => tag in LANGUAGES) ?? "en";
  texts = await (await fetch(`texts/${language}.json`)).json();
  document.documentElement.lang = language;
}

export function say(key, values = {}) {
  return format(texts[key] ?? key, values);
}

export function format(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function decimal(value, digits = 0) {
  const [thousands, point] = SEPARATORS[language];
  const [whole, fraction] = value.toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, thousands);
  return fraction ? grouped + point + fraction : grouped;
}

// What is not quite all or nothing is not said to be.
export function percent(share, digits = 0) {
  const least = 10 ** -digits;
  const shown = (sign, value) => `${sign}${decimal(value, digits)}${language === "en" ? "" : NO_BREAK}%`;
  if (share >= 1 - least / 200 && share < 1) return shown("> ", 100 - least);
  if (share > 0 && share <= least / 200) return shown("< ", least);
  return shown("", 100 * share);
}

// A probability as it is shown in percents: what is not quite certain is 99% at most, with one digit 99.9%.
export const asShown = (value, digits = 0) => (value >= 1 ? value : Math.min(value, 1 - 10 ** -(digits + 2)));

export const probabilityText = (value) => percent(asShown(value));

// A duration: “2.4 s”, “1 min 5 s”, “1 h 2 min”.
export function duration(seconds) {
  if (seconds < 59.95) return `${decimal(seconds, 1)}${NO_BREAK}s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}${NO_BREAK}min ${whole % 60}${NO_BREAK}s`;
  return `${Math.floor(minutes / 60)}${NO_BREAK}h ${minutes % 60}${NO_BREAK}min`;
}

// A moment: minutes and seconds, with hours where there are any.
export function clock(seconds) {
  const whole = Math.round(seconds);
  const two = (value) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  if (whole < 3600) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(whole / 3600)}:${two(minutes)}:${two(whole % 60)}`;
}
