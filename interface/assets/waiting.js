// The page that waits for its model calls this as `js="() => vistazo.watchWaiting()"`.
Object.assign(window.vistazo, {
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
});
