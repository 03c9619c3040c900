"""Links to a tab or an example: `?tab=video`, `?example=brazil`. Nothing of a visitor's is in them or kept for them.

Gradio's own deep links would keep what a visitor gave on the server, for whoever has the link.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import gradio as gr

TAB, EXAMPLE = "tab", "example"
COMPARE = "compare"

# Chooses the example that the address names, as a visitor would, and keeps the address in step with what is chosen.
# A page that embeds the app as a web component has an address of its own, which is left alone.
SCRIPT = (
    """
<script>
(() => {
  const address = () => new URL(location.href);
  const embedded = () => document.querySelector("gradio-app[src]") !== null;
  const name = (button) => {
    const shown = button.querySelector("img, video");
    return decodeURIComponent((shown?.currentSrc || shown?.src || "").split("/").pop()).replace(/[.][^.]*$/, "");
  };
  const set = (values) => {
    if (embedded()) return;
    const next = address();
    for (const [key, value] of Object.entries(values)) {
      value === null ? next.searchParams.delete(key) : next.searchParams.set(key, value);
    }
    if (next.href === location.href) return;
    history.replaceState(history.state, "", next);
    // On the Hub the page is in a frame, whose address nobody sees.
    if (window.parent !== window && document.referrer.startsWith("https://huggingface.co/")) {
      window.parent.postMessage({ queryString: next.searchParams.toString() }, "https://huggingface.co");
    }
  };

  const place = address().searchParams.get("TAB") === "COMPARE" ? "#tab-COMPARE " : "";
  let wanted = embedded() ? null : address().searchParams.get("EXAMPLE");
  let reads = false;
  const open = () => {
    if (wanted) {
      const known = [...document.querySelectorAll(place + "button.gallery-item")];
      const button = known.find((button) => button.offsetParent !== null && name(button) === wanted);
      if (!button) return;
      wanted = null;
      button.click();
      reads = button.closest("#tab-video") !== null;
    } else if (reads && document.querySelector("#clip video")) {
      reads = false;
      document.querySelector("#read-clip")?.click();
    }
  };
  new MutationObserver(open).observe(document.documentElement, { childList: true, subtree: true, attributes: true,
    attributeFilter: ["src", "class", "style"] });

  document.addEventListener("click", (event) => {
    if (event.isTrusted) wanted = null, reads = false;
    const example = event.target.closest("button.gallery-item");
    const tab = event.target.closest("button[role=tab]")?.dataset.tabId;
    if (example) set({ TAB: example.closest("[id^=tab-]").id.slice(4), EXAMPLE: name(example) });
    else if (tab) set({ TAB: tab, EXAMPLE: null });
    else if (event.target.closest("#image button, #compare-image button")) set({ EXAMPLE: null });
  }, true);
  // A file of the visitor's own: no link leads to it.
  for (const kind of ["change", "drop", "paste"]) {
    document.addEventListener(kind, (event) => {
      if (kind !== "change" || event.target.type === "file") set({ EXAMPLE: null });
    }, true);
  }
})();
</script>
""".replace("EXAMPLE", EXAMPLE)
    .replace("TAB", TAB)
    .replace("COMPARE", COMPARE)
)


def tab_to_open(
    request: gr.Request | None, tabs: Collection[str], images: Sequence[Path], clips: Sequence[Path]
) -> str | None:
    """Return which tab the page's address asks for, or None.

    Args:
        request: Of the visitor.
        tabs: The tabs that there are.
        images: Examples of the image tab.
        clips: Examples of the video tab.
    """
    asked = dict(request.query_params or {}) if request else {}
    example, tab = asked.get(EXAMPLE), asked.get(TAB)
    if tab == COMPARE in tabs:  # the image tab's examples are its own as well
        return tab
    for place, examples in (("image", images), ("video", clips)):
        if any(path.stem == example for path in examples):
            return place
    return tab if tab in tabs else None
