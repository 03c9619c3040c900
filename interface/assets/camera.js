// What Gradio's camera boxes leave out: their first words are English only, and a camera that cannot be used says nothing.
(() => {
  const BUTTON = "[title='grant webcam access'] button";
  const ENGLISH = "Click to Access Webcam";
  const sentence = (name) => document.querySelector("[data-camera-off]")?.dataset[name];
  const words = (button) => button.querySelector("div")?.lastChild;
  const say = (button, name) => {
    const text = words(button);
    if (text && sentence(name)) text.nodeValue = sentence(name);
  };

  const translate = () => {
    for (const button of document.querySelectorAll(BUTTON)) {
      if (words(button)?.nodeValue.trim() === ENGLISH) say(button, "cameraOff");
    }
  };
  new MutationObserver(translate).observe(document.documentElement, { childList: true, subtree: true });
  translate();

  let clicked = null;
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest?.(BUTTON);
      clicked = button ?? clicked;
      if (!button || navigator.mediaDevices) return;
      say(button, "cameraInsecure");
      event.stopImmediatePropagation(); // Gradio would show a message of its own, without words
    },
    true,
  );
  // Gradio does not wait for the browser's answer, so that a refusal reaches the page alone.
  const refusals = {
    NotAllowedError: "cameraDenied",
    NotFoundError: "cameraMissing",
    NotReadableError: "cameraMissing",
    OverconstrainedError: "cameraMissing",
  };
  window.addEventListener("unhandledrejection", (event) => {
    const refusal = refusals[event.reason?.name];
    if (!clicked?.isConnected || !refusal) return;
    say(clicked, refusal);
    event.preventDefault();
  });
})();
