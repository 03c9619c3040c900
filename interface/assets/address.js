// Keeps the page's address in step with what is chosen: `?tab=video`, `?example=brazil`. A value of null is taken out of
// it. No link leads to a visitor's own file. The page without a server uses this file as well.
window.vistazo = Object.assign(window.vistazo ?? {}, {
  setAddress(values) {
    const next = new URL(location.href);
    for (const [key, value] of Object.entries(values)) {
      if (value === null) next.searchParams.delete(key);
      else next.searchParams.set(key, value);
    }
    if (next.href === location.href) return;
    history.replaceState(history.state, "", next);
    // On the Hub the page is in a frame, whose address nobody sees.
    if (window.parent !== window && document.referrer.startsWith("https://huggingface.co/")) {
      window.parent.postMessage({ queryString: next.searchParams.toString() }, "https://huggingface.co");
    }
  },
});
