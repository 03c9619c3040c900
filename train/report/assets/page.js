"use strict";
const { images = [], cells = {}, mistakes = [] } = JSON.parse(document.getElementById("images").textContent);
const table = document.querySelector(".cells");
const names = [...table.querySelectorAll("th[scope=row]")].map((head) => head.textContent);
const buttons = [...document.querySelectorAll("[data-cell]")];
const percent = (share) => `${Math.round(100 * share)}%`;
const kinds = { found: "true positives", missed: "false negatives", wrong: "false positives" };

function title(cell) {
  const [row, column] = cell.split("-");
  if (column in kinds) return `${names[row]}, ${kinds[column]}`;
  return row === column ? `${names[row]}, predicted correctly` : `${names[row]}, predicted as ${names[column]}`;
}

function figure([source, name], first, second) {
  const box = document.createElement("figure"), image = new Image(), caption = document.createElement("figcaption");
  image.src = source;
  image.alt = `${name}: ${first}`;
  const more = document.createElement("span");
  more.textContent = second;
  caption.append(first, more);
  box.append(image, caption);
  return box;
}

function absent(text) {
  const note = document.createElement("p");
  note.textContent = text;
  return note;
}

const WITHOUT = "This page has no images. “vistazo evaluate MODEL DATA --out DIR” writes one with them.";

function open(button) {
  const inside = cells[button.dataset.cell] ?? [], total = Number(button.dataset.count);
  const head = document.createElement("h3");
  head.textContent = `${title(button.dataset.cell)}: ${total}`;
  const parts = [head];
  if (!images.length) parts.push(absent(WITHOUT));
  else if (inside.length < total) parts.push(absent(`The ${inside.length} most confident of ${total}:`));
  const row = document.createElement("div");
  row.className = "images";
  row.append(...inside.map(([index, share]) => figure(images[index], `${images[index][1]} (${percent(share)})`, "")));
  const place = document.getElementById("cell");
  place.replaceChildren(...parts, row);
  buttons.forEach((other) => other.setAttribute("aria-pressed", String(other.dataset.cell === button.dataset.cell)));
  place.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

for (const button of buttons) {
  button.dataset.count = button.textContent;
  button.setAttribute("aria-label", `${title(button.dataset.cell)}: ${button.textContent}`);
  button.title = button.getAttribute("aria-label");
  button.addEventListener("click", () => open(button));
}

document.getElementById("shares")?.addEventListener("change", (event) => {
  for (const button of table.querySelectorAll("button")) button.textContent = event.target.checked ? button.dataset.share : button.dataset.count;
});

const place = document.getElementById("misled");
if (!images.length) place.append(absent(WITHOUT));
else if (!mistakes.length) place.append(absent("None: every prediction was correct."));
for (const [cell, index, share] of mistakes) {
  const [row, column] = cell.split("-");
  const truth = { wrong: "false positive", missed: "false negative" }[column] ?? `true label: ${names[row]}`;
  place.append(figure(images[index], `${names[column in kinds ? row : column]} (${percent(share)})`, truth));
}
