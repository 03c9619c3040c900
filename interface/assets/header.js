// Runs once in the page, with its head as `element`: the links to the languages, and the switch between light and dark.
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
  if (event.target.closest("[data-theme-switch]")) {
    const dark = setDark(!document.body.classList.contains("dark"));
    try {
      localStorage.setItem(KEY, dark ? "dark" : "light");
    } catch {
      // It holds until the page is closed.
    }
    return;
  }
  // A language is added to the page's address; the rest of the address stays.
  const link = event.target.closest("a[hreflang]");
  if (!link) return;
  event.preventDefault();
  const address = new URL(location.href);
  for (const [name, value] of new URL(link.href).searchParams) address.searchParams.set(name, value);
  location.assign(address);
});
