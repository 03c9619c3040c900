// Gradio takes the browser's language. This runs before Gradio's own scripts, so that the address (`?lang=es`) wins.
(() => {
  const { parameter, languages } = document.currentScript.dataset;
  const language = new URLSearchParams(location.search).get(parameter);
  if (!languages.split(" ").includes(language)) return;
  Object.defineProperty(navigator, "language", { get: () => language });
  Object.defineProperty(navigator, "languages", { get: () => [language] });
})();
