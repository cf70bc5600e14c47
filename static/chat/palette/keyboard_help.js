// All keys in one dialog.
import { el, iconButton } from "../../webox/dom.js";
import { gettext } from "../../webox/i18n.js";
import { apple } from "./keys.js";
import { groups, keyNames } from "./shortcuts.js";

const keysOf = (combination) =>
  el("span", { class: "keys-one" }, ...keyNames(combination, apple).map((name) => el("kbd", { text: name })));

export class KeyboardHelp {
  constructor() {
    const heading = el("h2", { id: "keys-heading", text: gettext("Keyboard") });
    const close = iconButton("cross", gettext("Close"), () => this.dialog.close());
    this.dialog = el(
      "dialog",
      { class: "dialog keys-dialog", "aria-labelledby": "keys-heading" },
      el("div", { class: "keys-head" }, heading, close),
      ...groups().map(section),
    );
    this.dialog.addEventListener("click", ({ target }) => target === this.dialog && this.dialog.close());
    document.body.append(this.dialog);
  }

  toggle() {
    if (this.dialog.open) this.dialog.close();
    else this.dialog.showModal();
  }
}

function section([name, keys]) {
  const rows = keys.map(([combinations, text]) =>
    el("div", {}, el("dt", {}, ...combinations.map(keysOf)), el("dd", { text })),
  );
  return el("section", {}, el("h3", { text: name }), el("dl", { class: "keys" }, ...rows));
}
