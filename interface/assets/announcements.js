// Lets screen readers say what changes in the page: predictions, how far a reading is, and errors (WCAG 2.2, 4.1.3).
(() => {
  const MILLISECONDS_BETWEEN = 5000; // while files are read, their status changes every second
  // What people read, by the button that is enabled while it only says how far the reading is. A live region hears
  // nothing of what changes in a text field: its text is repeated in a region that nobody sees.
  const READ = {
    "#legend textarea": null,
    "#agreement textarea": null,
    "#status textarea": "#stop",
    "#counts :is(.vz-counts, .vz-card)": "#stop-images",
  };
  const regions = new Map();

  const added = () => {
    const element = document.createElement("p");
    element.className = "vz-said";
    element.setAttribute("role", "status");
    document.body.append(element);
    return { element, at: -MILLISECONDS_BETWEEN, timer: null };
  };

  const repeat = (selector, stop) => {
    if (!regions.has(selector)) regions.set(selector, added());
    const region = regions.get(selector);
    const shown = document.querySelector(selector);
    const text = (shown?.value ?? shown?.textContent ?? "").trim().replace(/\s+/g, " ");
    if (text === region.element.textContent) return;
    const early = region.at + MILLISECONDS_BETWEEN - performance.now();
    clearTimeout(region.timer);
    if (text && early > 0 && stop && document.querySelector(stop)?.disabled === false) {
      region.timer = setTimeout(() => repeat(selector, stop), early);
      return;
    }
    region.at = performance.now();
    region.element.textContent = text;
  };

  const look = () => {
    if (!document.body) return;
    document.querySelector("#answer:not([aria-live])")?.setAttribute("aria-live", "polite");
    for (const [selector, stop] of Object.entries(READ)) repeat(selector, stop);
  };
  vistazo.whenChanged(look, ["class", "disabled"]);
})();
