// Makes elements. What is given as text stays text: labels and titles come from a bundle, which may be anybody's.

export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key.startsWith("--")) element.style.setProperty(key, value);
    else if (key in element && key !== "list" && key !== "form") element[key] = value;
    else if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
}

export function table(headings, rows) {
  return el(
    "div",
    { className: "table", tabIndex: 0, role: "region", "aria-label": headings[0] },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          headings.map((name) => el("th", { scope: "col" }, name)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el(
            "tr",
            {},
            row.map((cell) => el("td", {}, String(cell))),
          ),
        ),
      ),
    ),
  );
}

// A link that saves a text as a file; the text is made when it is asked for.
export function download(name, type, content) {
  return el(
    "button",
    {
      type: "button",
      className: "button",
      onclick: () => {
        const address = URL.createObjectURL(new Blob([content()].flat(), { type }));
        const link = el("a", { href: address, download: name });
        link.click();
        setTimeout(() => URL.revokeObjectURL(address), 60_000);
      },
    },
    name,
  );
}
