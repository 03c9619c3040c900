// Refuses a file that is too large before Gradio sees it, whose message is in English and in a corner; and before
// dropping.js, which follows, sends it to a tab.
(() => {
  const forget = () => {
    for (const note of document.querySelectorAll(".vz-too-large")) note.remove();
  };
  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("button.gallery-item")) forget(); // an example takes its place
  });
  const refused = (files, box) => {
    forget();
    const head = document.querySelector("[data-too-large]");
    const megabyte = 2 ** 20;
    const large = [...(files ?? [])].find(({ size }) => size > Number(head?.dataset.mostMegabytes) * megabyte);
    if (!large || !box) return false;
    const note = document.createElement("p");
    note.className = "vz-too-large";
    note.setAttribute("role", "alert");
    const size = String(Math.ceil(large.size / megabyte));
    note.textContent = head.dataset.tooLarge.replace("{size}", size).replace("{name}", () => large.name);
    box.before(note);
    return true;
  };
  const boxOf = (target) => target.closest?.("#image, #images, #clip, #compare-image");

  document.addEventListener(
    "change",
    (event) => {
      if (!event.target.matches?.("input[type=file]") || !refused(event.target.files, boxOf(event.target))) return;
      event.target.value = "";
      event.stopImmediatePropagation();
    },
    true,
  );

  document.addEventListener(
    "drop",
    (event) => {
      if (!refused(event.dataTransfer?.files, boxOf(event.target))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
})();
