// Listens for the keys that every signed-in page has, and writes their names where a control shows its own.
import { setText } from "../../webox/dom.js";
import { toggleSide } from "../../webox/page.js";
import { isApple, keyLabel, shortcutOf } from "./shortcuts.js";

export const apple = isApple(navigator);

const FIELDS =
  'input:not([type="checkbox"], [type="radio"], [type="button"], [type="submit"]), textarea, select, [contenteditable="true"]';

export function listenForKeys({ palette, help }) {
  const acts = {
    search: () => palette.toggle(),
    new: () => location.assign("/chat/"),
    sidebar: toggleSide,
    help: () => help.toggle(),
  };
  document.addEventListener("keydown", (event) => {
    const asked = shortcutOf(event, { apple, isTyping: event.target.matches(FIELDS) });
    if (asked === null) return;
    event.preventDefault();
    if (!event.repeat) acts[asked]();
  });
  for (const node of document.querySelectorAll("[data-keys]"))
    setText(node, keyLabel(node.dataset.keys, apple));
  for (const node of document.querySelectorAll("[data-palette-open]"))
    node.addEventListener("click", () => palette.toggle());
}
