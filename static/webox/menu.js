// Menus and small panels beside a button; on a phone they come from below. One is open at a time.
import { $, el, icon } from "./dom.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const openers = new WeakMap();
const stops = (popover) => [...popover.querySelectorAll("button, input, a")].filter((node) => !node.disabled);

/**
 * Open a menu. `items` are {label, icon, act, isDanger, isChecked}, or null for a line between groups; with
 * `isChecked` given (true or false) it is one choice of several.
 */
export function openMenu(opener, label, items) {
  const popover = open(
    opener,
    { class: "menu", role: "menu", "aria-label": label },
    items.map((item) => (item ? menuItem(item) : el("hr"))),
  );
  popover.addEventListener("keydown", (event) => {
    if (event.key === "Tab") popover.hidePopover();
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey)
      byLetter(popover, event.key);
  });
  stops(popover)[0]?.focus();
}

/** Open a panel with these parts, the focus on what is chosen in it; the panel is what the caller gets. */
export function openPanel(opener, label, parts) {
  const popover = open(
    opener,
    { class: "menu menu-panel", role: "dialog", tabindex: "-1", "aria-label": label },
    [el("h2", { text: label }), ...parts],
  );
  // Itself where there is nothing in it yet, so that the keys are its own.
  (popover.querySelector("[aria-current], :checked") ?? stops(popover)[0] ?? popover).focus();
  return popover;
}

function menuItem({ label, icon: name, act, isDanger, isChecked }) {
  const role = isChecked === undefined ? "menuitem" : "menuitemradio";
  const pick = ({ currentTarget }) => {
    currentTarget.closest("[popover]").hidePopover();
    act();
  };
  const options = {
    type: "button",
    class: isDanger ? "row danger" : "row",
    role,
    tabindex: "-1",
    "aria-checked": isChecked === undefined ? null : String(isChecked),
    on: { click: pick },
  };
  return el("button", options, name ? icon(name) : null, el("span", { class: "row-label", text: label }));
}

function open(opener, options, parts) {
  const popover = el("div", { ...options, popover: "auto" }, ...parts);
  // A part of what the button is in: outside of an open dialog nothing takes clicks, outside of landmarks it
  // is lost.
  (opener.closest("dialog, aside, main") ?? document.body).append(popover);
  popover.addEventListener("keydown", (event) => byArrow(popover, event));
  popover.addEventListener("toggle", ({ newState }) => newState === "closed" && closed(popover, opener));
  openers.set(opener, popover);
  opener.setAttribute("aria-expanded", "true");
  popover.showPopover();
  place(popover, opener.getBoundingClientRect());
  return popover;
}

function closed(popover, opener) {
  popover.remove();
  // A menu that led to a panel: that one is still open.
  if (openers.get(opener) !== popover) return;
  opener.setAttribute("aria-expanded", "false");
  // The focus is back on it: what is drawn again only now does not lose it.
  opener.dispatchEvent(new Event("menuclosed", { bubbles: true }));
}

/** Under the button where there is room, else over it; always inside the window. */
function place(popover, { left, top, bottom }) {
  const under = bottom + 4;
  const isUnder = under + popover.offsetHeight + 8 <= innerHeight;
  popover.style.left = `${Math.max(8, Math.min(left, innerWidth - popover.offsetWidth - 8))}px`;
  popover.style.top = `${isUnder ? under : Math.max(8, top - popover.offsetHeight - 4)}px`;
}

function byArrow(popover, event) {
  const isEnd = event.key === "Home" || event.key === "End";
  const isField = event.target.matches('input:not([type="checkbox"], [type="radio"])');
  if (event.isComposing || !(event.key in STEPS || (isEnd && !isField))) return;
  event.preventDefault();
  const all = stops(popover);
  const at = all.indexOf(document.activeElement);
  const next = isEnd
    ? event.key === "Home"
      ? 0
      : all.length - 1
    : (at + STEPS[event.key] + all.length) % all.length;
  all[next]?.focus();
}

function byLetter(popover, letter) {
  const all = stops(popover);
  const at = all.indexOf(document.activeElement);
  const after = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  after
    .find((node) =>
      $(".row-label", node)?.textContent.toLocaleLowerCase().startsWith(letter.toLocaleLowerCase()),
    )
    ?.focus();
}
