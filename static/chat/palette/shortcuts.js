// The keys of WeBox: what each does, what it is called on this machine, and which one was pressed. Pure.
import { gettext } from "../../webox/i18n.js";

const NAMES = {
  mod: () => gettext("Ctrl"),
  shift: () => gettext("Shift"),
  alt: () => gettext("Alt"),
  enter: () => gettext("Enter"),
  escape: () => gettext("Esc"),
};
const APPLE = { mod: "⌘", shift: "⇧", alt: "⌥", enter: "↩" };

/** Whether this is a machine with a ⌘ key. */
export const isApple = (navigator) =>
  /mac|iphone|ipad|ipod/i.test(navigator.userAgentData?.platform || navigator.platform || "");

/** A combination like "mod+shift+o" as the names on its keys. */
export function keyNames(combination, apple) {
  return combination
    .split("+")
    .map((part) => (apple ? APPLE[part] : undefined) ?? NAMES[part]?.() ?? part.toLocaleUpperCase());
}

/** The same in one piece: “Ctrl K”, “⌘K”. */
export const keyLabel = (combination, apple) => keyNames(combination, apple).join(apple ? "" : "\u00a0");

/** All keys in groups: [heading, [[combinations, what they do], …]]. */
export const groups = () => [
  [
    gettext("Everywhere"),
    [
      [["mod+k"], gettext("Search and commands")],
      [["mod+shift+o"], gettext("New conversation")],
      [["mod+shift+s"], gettext("Fold or open the sidebar")],
      [["?", "mod+/"], gettext("These keys")],
    ],
  ],
  [
    gettext("While writing"),
    [
      [["enter"], gettext("Send the question")],
      [["shift+enter"], gettext("New line")],
      [["↑"], gettext("Edit the last question, when the field is empty")],
      [["escape"], gettext("Close what is open, then stop all answers")],
    ],
  ],
  [
    gettext("Columns"),
    [
      [["alt+1…8"], gettext("Go to a column")],
      [["alt+←", "alt+→"], gettext("Previous or next column")],
      [["r"], gettext("Try again, in a column")],
      [["c"], gettext("Copy the answer, in a column")],
      [["s"], gettext("Choose the answer ★, in a column")],
      [["f"], gettext("Focus on it, in a column")],
    ],
  ],
];

// On a keyboard without Latin letters the place of the key counts.
const letterOf = ({ key, code }) =>
  /^[a-z]$/i.test(key) ? key.toLowerCase() : /^Key[A-Z]$/.test(code) ? code.at(-1).toLowerCase() : key;

/** What a pressed key asks for: search, new, sidebar, help or null. `isTyping`: the focus is in a field. */
export function shortcutOf(event, { apple, isTyping }) {
  const { ctrlKey, metaKey, shiftKey, altKey, isComposing } = event;
  if (isComposing || altKey) return null;
  const mod = apple ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  const letter = letterOf(event);
  // The slash and the question mark stand behind Shift on some keyboards, like the French one.
  if (mod && event.key === "/") return "help";
  if (!ctrlKey && !metaKey && event.key === "?") return isTyping ? null : "help";
  if (!mod) return null;
  if (letter === "k" && !shiftKey) return "search";
  if (letter === "o" && shiftKey) return "new";
  return letter === "s" && shiftKey ? "sidebar" : null;
}
