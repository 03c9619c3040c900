"""Names and roles that Gradio's components lack, for those who hear the page or use no mouse (WCAG 2.2)."""

from __future__ import annotations

# Runs in the page and again whenever something in it changes.
SCRIPT = """
<script>
(() => {
  const name = (image) => decodeURIComponent((image?.currentSrc || image?.src || "").split("/").pop().split(".")[0]);
  const mend = () => {
    for (const button of document.querySelectorAll("button.gallery-item:not([aria-label])")) {
      const shown = name(button.querySelector("img, video"));
      if (shown) button.setAttribute("aria-label", shown.replaceAll("-", " "));
    }
    for (const part of document.querySelectorAll("div.empty[aria-label]:not([role])")) part.setAttribute("role", "img");
    for (const part of document.querySelectorAll("#answer:not([aria-live]), #note:not([aria-live])")) {
      part.setAttribute("aria-live", "polite");
    }
    for (const image of document.querySelectorAll(":is(#plots, #heat, #found) img:is(:not([alt]), [alt=''])")) {
      const label = image.closest(".block")?.querySelector("label")?.textContent.trim();
      if (label) image.alt = label;
    }
    const language = document.documentElement.lang.slice(0, 2);
    for (const link of document.querySelectorAll("#languages a:not([aria-current])")) {
      if (link.hreflang === language) link.setAttribute("aria-current", "true");
    }
    for (const part of document.querySelectorAll(".virtual-table-viewport")) {  // headings alone need no scrolling
      const overflow = part.querySelector("[role=gridcell]") ? "" : "hidden";
      if (part.style.overflow !== overflow) part.style.overflow = overflow;
    }
  };
  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mend(); });
  }).observe(document.documentElement, { childList: true, subtree: true });
  mend();
})();
</script>
"""
