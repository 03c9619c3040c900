"""Images and clips dropped on the page, or pasted anywhere in it, go where they are read."""

from __future__ import annotations

SCRIPT = """
<script>
(() => {
  const BOXES = { image: "#image", batch: "#images", video: "#clip", compare: "#compare-image" };
  const open = () => document.querySelector("button[role=tab][aria-selected=true]")?.dataset.tabId;

  const give = (tab, given) => {
    const files = new DataTransfer();  // of its own: the event's is empty when the event is over
    for (const file of given) files.items.add(file);
    if (open() !== tab) document.querySelector(`button[role=tab][data-tab-id=${tab}]`)?.click();
    let patience = 300;  // images of the screen; a tab is built when it is opened
    const take = () => {
      const input = document.querySelector(`${BOXES[tab]} input[type=file]`);
      if (!input) return patience-- && requestAnimationFrame(take);
      input.files = files.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    };
    take();
  };

  const tabFor = (files) => {
    if (files.length > 1) return "batch";
    const moves = /^video|gif$|webp$/.test(files[0].type) && (open() === "video" || files[0].type.startsWith("video"));
    if (moves) return "video";
    return open() !== "video" && open() in BOXES ? open() : "image";
  };

  // Several images where one is read: they go where several are. One is what Gradio itself sees to.
  document.addEventListener("drop", (event) => {
    const files = event.dataTransfer?.files;
    if (!event.target.closest("#image") || !files || files.length < 2) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    give("batch", files);
  }, true);

  // A screenshot or a copied file: Ctrl+V, wherever one is.
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files;
    if (!files?.length || event.target.closest?.("input:not([type=file]), textarea")) return;
    event.preventDefault();
    give(tabFor(files), files);
  }, true);
})();
</script>
"""
