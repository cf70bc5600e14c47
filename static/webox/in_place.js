// A name that is changed where it stands.
import { el } from "./dom.js";

/**
 * A field with the text as it is. `onEnd(text, isByKey)` is called once: with the new text when Enter or
 * leaving the
 * field kept it, or null when nothing is to be changed; `isByKey` says that the focus must be taken further.
 */
export function inPlace({ value, label, maxlength, onEnd }) {
  const field = el("input", {
    class: "input in-place",
    type: "text",
    maxlength: String(maxlength),
    "aria-label": label,
    autocomplete: "off",
    value,
  });
  let isOver = false;
  const end = (isKept, isByKey) => {
    if (isOver) return;
    isOver = true;
    const text = field.value.trim();
    onEnd(isKept && text !== "" && text !== value ? text : null, isByKey);
  };
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    end(event.key === "Enter", true);
  });
  field.addEventListener("blur", () => end(true, false));
  return field;
}
