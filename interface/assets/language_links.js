// Runs once in the page, with its head as `element`: a language is added to the page's address; the rest of the address
// stays.
element.addEventListener("click", (event) => {
  const link = event.target.closest("a[hreflang]");
  if (!link) return;
  event.preventDefault();
  const address = new URL(location.href);
  for (const [name, value] of new URL(link.href).searchParams) address.searchParams.set(name, value);
  location.assign(address);
});
