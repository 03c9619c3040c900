// Runs once in the page, with the counts of the batch as `element`: a count shows its images only, and a row of the
// table leads to its image.
const tiles = () => [...document.querySelectorAll("#gallery .grid-container > *")];
const show = (places) => {
  for (const [place, tile] of tiles().entries()) tile.hidden = places !== null && !places.has(String(place));
};

element.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-places]");
  if (!chosen) return;
  const pressed = chosen.getAttribute("aria-pressed") !== "true";
  for (const button of element.querySelectorAll("[data-places]")) button.setAttribute("aria-pressed", "false");
  chosen.setAttribute("aria-pressed", String(pressed));
  show(pressed ? new Set(chosen.dataset.places.split(" ")) : null);
});

// New counts are those of more images, or of others.
new MutationObserver((changes) => {
  if (changes.some(({ type }) => type === "childList")) show(null);
}).observe(element, { childList: true, subtree: true });

// The table keeps the clicks on its cells to itself: they are seen on their way there.
const follow = (event) => {
  const row = event.target.closest("#rows [role=row]");
  const name = row?.querySelector("[role=gridcell]")?.textContent.trim();
  if (!name) return;
  const tile = tiles().find((one) => {
    const caption = one.querySelector(".caption-label")?.textContent.trim() ?? "";
    // A reason quotes the file's name, in the marks of the visitor's language.
    const quoted = [`“${name}”`, `«${name}»`, `«\u00a0${name}\u00a0»`];
    return caption.split("\n").pop().trim() === name || quoted.some((quote) => caption.includes(quote));
  });
  if (!tile) return;
  show(null);
  for (const button of element.querySelectorAll("[data-places]")) button.setAttribute("aria-pressed", "false");
  tile.scrollIntoView({ block: "center" });
  for (const one of tiles()) one.toggleAttribute("data-found", one === tile);
};
document.addEventListener("click", follow, true);
