// What the page's events call by name, as `js="() => vistazo.scrollTo('#found')"`, and what several scripts use.
window.vistazo = {
  // A new result may be below the image on a phone.
  scrollTo(selector) {
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    document.querySelector(selector)?.scrollIntoView({ block: "nearest", behavior });
  },

  hideNotPlayable() {
    document.querySelector("#not-playable")?.removeAttribute("data-shown");
  },

  // The name of the file that an example shows, without its suffix, as links and interface/examples.py have it.
  exampleName(button) {
    const shown = button.querySelector("img, video");
    return decodeURIComponent((shown?.currentSrc || shown?.src || "").split("/").pop()).replace(/[.][^.]*$/, "");
  },

  // Calls `look` after changes of the page, and of these attributes of its elements; at most once a frame.
  whenChanged(look, attributeFilter) {
    let scheduled = false;
    new MutationObserver(() => {
      if (scheduled) return;
      scheduled = true;
      requestAnimationFrame(() => {
        scheduled = false;
        look();
      });
    }).observe(document.documentElement, { childList: true, subtree: true, attributeFilter });
  },
};
