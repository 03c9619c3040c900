// Sends images and clips that are dropped on the page, or pasted anywhere in it, to the tab that classifies them; an
// image's address likewise.
(() => {
  const BOXES = { image: "#image", batch: "#images", video: "#clip", compare: "#compare-image" };
  const MOST_ATTEMPTS = 300; // one per animation frame
  const openTab = () => document.querySelector("button[role=tab][aria-selected=true]")?.dataset.tabId;

  const fill = (tab, selector, change) => {
    if (openTab() !== tab) document.querySelector(`button[role=tab][data-tab-id=${tab}]`)?.click();
    // A tab is built when it is opened for the first time.
    const attempt = (left) => {
      const field = document.querySelector(selector);
      if (field) change(field);
      else if (left > 0) requestAnimationFrame(() => attempt(left - 1));
    };
    attempt(MOST_ATTEMPTS);
  };

  const send = (tab, given) => {
    const files = new DataTransfer(); // a copy: the event's own is empty once the event is over
    for (const file of given) files.items.add(file);
    fill(tab, `${BOXES[tab]} input[type=file]`, (input) => {
      input.files = files.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  };

  const tabFor = (files) => {
    if (files.length > 1) return "batch";
    const [{ type }] = files;
    // GIF and WebP may be animated: the open tab decides.
    if (type.startsWith("video") || (/gif$|webp$/.test(type) && openTab() === "video")) return "video";
    return openTab() !== "video" && openTab() in BOXES ? openTab() : "image";
  };

  // The address of an image: the server fetches it, which may, unlike a page of another origin.
  const sendAddress = (data) => {
    const text = data?.getData("text/uri-list") || data?.getData("text/plain") || "";
    const address = text.trim().split(/\s/)[0];
    if (!/^https?:\/\/./i.test(address)) return false;
    fill("image", "[data-takes-address]", (box) => {
      box.dispatchEvent(new CustomEvent("address", { detail: address }));
    });
    return true;
  };

  // Several images on the box for one go to the batch tab. Gradio itself handles a single one.
  document.addEventListener(
    "drop",
    (event) => {
      const files = event.dataTransfer?.files;
      if (!event.target.closest("#image") || !files || files.length === 1) return;
      if (files.length === 0 && !sendAddress(event.dataTransfer)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (files.length) send("batch", files);
    },
    true,
  );

  // A screenshot or a copied file, pasted anywhere but in a text field.
  document.addEventListener(
    "paste",
    (event) => {
      const files = event.clipboardData?.files;
      if (event.target.closest?.("input:not([type=file]), textarea")) return;
      if (!files?.length && !sendAddress(event.clipboardData)) return;
      event.preventDefault();
      if (files?.length) send(tabFor(files), files);
    },
    true,
  );
})();
