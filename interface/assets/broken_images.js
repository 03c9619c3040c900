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
