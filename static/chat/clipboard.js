// Copying, also where the page is not a secure context and has no clipboard of its own.
import { el, icon } from "../webox/dom.js";

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

/** What a rendered answer says, without its marks: blocks on lines of their own, cells apart. */
export function plainText(prose) {
  const parts = [];
  for (const node of prose.querySelectorAll("p, h3, h4, h5, h6, li, pre > code, tr, hr, math[display=block]")) {
    // Of a nested list its own words alone; its items come by themselves.
    if (node.matches("li") && node.querySelector("p")) continue;
    if (node.matches("tr")) parts.push([...node.cells].map((cell) => cell.textContent.trim()).join("\t"));
    else if (node.matches("hr")) parts.push("---");
    else parts.push(`${node.closest("li") ? "- " : ""}${ownText(node).trim()}`);
  }
  return parts.join("\n");
}

const ownText = (node) => [...node.childNodes].filter((child) => !/^(UL|OL|DIV)$/.test(child.nodeName)).map((child) => child.textContent).join("");
