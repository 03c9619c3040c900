// Adds the names and roles that Gradio's components lack, for screen readers and keyboards (WCAG 2.2): once, and again
// whenever something in the page changes.
(() => {
  const complete = () => {
    // What the examples show, in the visitor's language; the style sheet writes it below them.
    const names = JSON.parse(document.querySelector("[data-example-names]")?.dataset.exampleNames || "{}");
    for (const button of document.querySelectorAll("button.gallery-item")) {
      const file = vistazo.exampleName(button);
      const name = names[file] || file.replaceAll("-", " ");
      if (name && button.getAttribute("aria-label") !== name) button.setAttribute("aria-label", name);
    }
    const translations = JSON.parse(document.querySelector("[data-button-names]")?.dataset.buttonNames || "{}");
    for (const button of document.querySelectorAll("button:is([aria-label], [title])")) {
      for (const attribute of ["aria-label", "title"]) {
        const name = translations[button.getAttribute(attribute)];
        if (name && button.getAttribute(attribute) !== name) button.setAttribute(attribute, name);
      }
    }
    for (const empty of document.querySelectorAll("div.empty[aria-label]:not([role])")) {
      empty.setAttribute("role", "img");
    }
    for (const image of document.querySelectorAll(":is(#plots, #heat, #found) img:is(:not([alt]), [alt=''])")) {
      const label = image.closest(".block")?.querySelector("label")?.textContent.trim();
      if (label) image.alt = label;
    }
    // A table that has headings only needs no scrolling.
    for (const viewport of document.querySelectorAll(".virtual-table-viewport")) {
      const overflow = viewport.querySelector("[role=gridcell]") ? "" : "hidden";
      if (viewport.style.overflow !== overflow) viewport.style.overflow = overflow;
    }
  };

  vistazo.whenChanged(complete);
  complete();
})();
