// What the page's events call by name, as `js="() => vistazo.scrollTo('#found')"`.
window.vistazo = {
  // A new result may be below the image on a phone.
  scrollTo(selector) {
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    document.querySelector(selector)?.scrollIntoView({ block: "nearest", behavior });
  },

  hideNotPlayable() {
    document.querySelector("#not-playable")?.removeAttribute("data-shown");
  },

  // Ask every two seconds what the waiting page waits for, in the visitor's language, and reload the page once the
  // model is there. A server that does not respond is asked again.
  watchWaiting() {
    const look = async () => {
      try {
        const response = await fetch(`./waiting${location.search}`, { cache: "no-store" });
        const { text } = await response.json();
        if (text === null) {
          clearInterval(timer);
          location.reload();
        }
        document.querySelector("#waiting textarea").value = text;
      } catch {
        // Not reachable at the moment.
      }
    };
    const timer = setInterval(look, 2000);
    look();
  },
};

// An image that the browser cannot show has no sign of a broken one: what is wrong with it is said beside it.
for (const [kind, broken] of [
  ["error", true],
  ["load", false],
]) {
  document.addEventListener(
    kind,
    (event) => {
      if (event.target.matches?.(":is(#image, #compare-image) img")) event.target.style.visibility = broken ? "hidden" : "";
    },
    true,
  );
}
