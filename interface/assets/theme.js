// Runs once in the page, with its head as `element`: the switch between light and dark.
const KEY = "vistazo-theme";
const setDark = (dark) => document.body.classList.toggle("dark", dark);
const stored = () => {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a page that embeds the app may forbid it
  }
};
const chosen = stored();
// An address that names a theme (`?__theme=dark`) wins.
if (chosen && !new URLSearchParams(location.search).has("__theme")) setDark(chosen === "dark");

element.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-switch]")) return;
  const dark = setDark(!document.body.classList.contains("dark"));
  try {
    localStorage.setItem(KEY, dark ? "dark" : "light");
  } catch {
    // It holds until the page is closed.
  }
});
