// The question before something is gone for good: the page’s one `#confirm-dialog`.
import { $, setText } from "./dom.js";

/** True when the person says so; `action` is the word on the button that does it. */
export function confirm({ heading, text, action }) {
  const dialog = $("#confirm-dialog");
  setText($("h2", dialog), heading);
  setText($("p", dialog), text);
  setText($('[value="confirm"]', dialog), action);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true });
  });
}
