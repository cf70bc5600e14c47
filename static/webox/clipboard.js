// Copying, also where the page is not a secure context and has no clipboard of its own.
import { el, icon } from "./dom.js";

const MARK_MS = 1500;

export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = el("textarea", { class: "visually-hidden", "aria-hidden": "true" });
  field.value = text;
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  document.execCommand("copy");
  field.remove();
  focused?.focus();
}

/** Copy, and show a tick on the button for a moment. */
export async function copyWithMark(button, text) {
  await copyText(text);
  const shown = button.querySelector(".icon");
  const tick = icon("check");
  shown.replaceWith(tick);
  setTimeout(() => tick.replaceWith(shown), MARK_MS);
}
