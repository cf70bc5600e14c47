// Small helpers for building the page with textContent and attributes, never with HTML strings.
const icons = document.documentElement.dataset.icons;
const SVG = "http://www.w3.org/2000/svg";

export const $ = (selector, root = document) => root.querySelector(selector);

/** A new element. `options` are attributes, but for `text`, `on` (event → listener) and `data`. */
export function el(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "on")
      for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}

/** A button with an icon; `label` is its name and its tooltip. */
export const iconButton = (name, label, listener, options = {}) =>
  el(
    "button",
    {
      type: "button",
      class: "icon-btn",
      "aria-label": label,
      title: label,
      on: { click: listener },
      ...options,
    },
    icon(name),
  );

/** Change text only when it differs, so that screen readers and selections are left alone. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Put a popover beside its button, inside the window; on phones the style sheet makes it a sheet. */
export function placePopover(popover, button) {
  const box = button.getBoundingClientRect();
  const left = Math.max(8, Math.min(box.left, innerWidth - popover.offsetWidth - 8));
  const above = box.top - popover.offsetHeight - 8;
  const below = Math.min(box.bottom + 4, innerHeight - popover.offsetHeight - 8);
  popover.style.left = `${left}px`;
  popover.style.top = `${above > 8 ? above : Math.max(8, below)}px`;
}
