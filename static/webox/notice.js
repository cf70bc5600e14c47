// One sentence over the page, with a way back where there is one: it shows wherever the act was done.
import { $, el, iconButton, setText } from "./dom.js";
import { gettext } from "./i18n.js";

const SHOWN_MS = 8_000;
let timer = null;

/** Show it until `until` (a time in ms), longer while a person is at it. `action` is {label, act}. */
export function showNotice(text, { action = null, until = Date.now() + SHOWN_MS, onEnd = () => {} } = {}) {
  const box = $("#notice");
  const close = () => {
    hideNotice();
    onEnd();
  };
  const closeLater = (wait_ms) => {
    clearTimeout(timer);
    timer = setTimeout(
      () => (box.matches(":is(:hover, :focus-within)") ? closeLater(SHOWN_MS) : close()),
      wait_ms,
    );
  };
  const way =
    action && el("button", { type: "button", class: "btn", text: action.label, on: { click: action.act } });
  box.replaceChildren(
    ...[
      el("span", { class: "notice-text", text }),
      way,
      iconButton("cross", gettext("Close this message"), close),
    ].filter(Boolean),
  );
  box.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  box.hidden = false;
  setText($("#notice-said"), text);
  closeLater(Math.max(1000, until - Date.now()));
}

export function hideNotice() {
  clearTimeout(timer);
  const box = $("#notice");
  if (box.contains(document.activeElement)) $("#main").focus();
  box.hidden = true;
  box.replaceChildren();
  setText($("#notice-said"), "");
}

/** Put the focus on the notice’s action. */
export const focusNotice = () => $("#notice .btn")?.focus();
