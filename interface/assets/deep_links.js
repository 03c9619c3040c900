// Clicks the example that the page's address names, as a visitor would, and keeps the address in step with what is
// chosen: `?tab=video`, `?example=brazil`. interface/deep_links.py opens the tab.
// A page that embeds the app as a web component has an address of its own, which is left alone.
(() => {
  const asked = (name) => new URLSearchParams(location.search).get(name);
  const embedded = () => document.querySelector("gradio-app[src]") !== null;
  const setParameters = (values) => {
    if (!embedded()) vistazo.setAddress(values);
  };

  const place = asked("tab") === "compare" ? "#tab-compare " : "";
  let wanted = embedded() ? null : asked("example");
  const open = () => {
    if (!wanted) return;
    const known = [...document.querySelectorAll(`${place}button.gallery-item`)];
    const button = known.find((button) => button.offsetParent !== null && vistazo.exampleName(button) === wanted);
    if (!button) return;
    wanted = null;
    button.click();
  };
  new MutationObserver(open).observe(document.documentElement, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["src", "class", "style"],
  });

  document.addEventListener(
    "click",
    (event) => {
      if (event.isTrusted) wanted = null;
      const example = event.target.closest("button.gallery-item");
      const tab = event.target.closest("button[role=tab]")?.dataset.tabId;
      if (example) setParameters({ tab: example.closest("[id^=tab-]").id.slice(4), example: vistazo.exampleName(example) });
      else if (tab) setParameters({ tab, example: null });
      else if (event.target.closest("#image button, #compare-image button")) setParameters({ example: null });
    },
    true,
  );
  // No link leads to a visitor's own file.
  for (const kind of ["change", "drop", "paste"]) {
    document.addEventListener(
      kind,
      (event) => {
        if (kind !== "change" || event.target.type === "file") setParameters({ example: null });
      },
      true,
    );
  }
})();
