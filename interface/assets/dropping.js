// Sends images and clips that are dropped on the page, or pasted anywhere in it, to the tab that classifies them.
(() => {
  const BOXES = { image: "#image", batch: "#images", video: "#clip", compare: "#compare-image" };
  const MOST_ATTEMPTS = 300; // one per animation frame
  const openTab = () => document.querySelector("button[role=tab][aria-selected=true]")?.dataset.tabId;

  const send = (tab, given) => {
    const files = new DataTransfer(); // a copy: the event's own is empty once the event is over
    for (const file of given) files.items.add(file);
    if (openTab() !== tab) document.querySelector(`button[role=tab][data-tab-id=${tab}]`)?.click();
    // A tab is built when it is opened for the first time.
    const fill = (attempts) => {
      const input = document.querySelector(`${BOXES[tab]} input[type=file]`);
      if (input) {
        input.files = files.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      } else if (attempts > 0) {
        requestAnimationFrame(() => fill(attempts - 1));
      }
    };
    fill(MOST_ATTEMPTS);
  };

  const tabFor = (files) => {
    if (files.length > 1) return "batch";
    const [{ type }] = files;
    // GIF and WebP may be animated: the open tab decides.
    if (type.startsWith("video") || (/gif$|webp$/.test(type) && openTab() === "video")) return "video";
    return openTab() !== "video" && openTab() in BOXES ? openTab() : "image";
  };

  // Several images on the box for one go to the batch tab. Gradio itself handles a single one.
  document.addEventListener(
    "drop",
    (event) => {
      const files = event.dataTransfer?.files;
      if (!event.target.closest("#image") || !files || files.length < 2) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      send("batch", files);
    },
    true,
  );

  // A screenshot or a copied file, pasted anywhere but in a text field.
  document.addEventListener(
    "paste",
    (event) => {
      const files = event.clipboardData?.files;
      if (!files?.length || event.target.closest?.("input:not([type=file]), textarea")) return;
      event.preventDefault();
      send(tabFor(files), files);
    },
    true,
  );
})();
