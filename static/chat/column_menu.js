// What else can be done with an answer: one menu for all columns.
import { el, icon, placePopover } from "../webox/dom.js";
import { gettext } from "../webox/i18n.js";
import { copyText, plainText } from "./clipboard.js";

export class ColumnMenu {
  #opener = null;

  /** Stands in `host`. `hooks`: say(text), continueWith(answer), canContinue(answer). */
  constructor(host, hooks) {
    this.hooks = hooks;
    this.element = el("div", { class: "menu column-menu", popover: "auto", role: "menu", on: { keydown: (event) => this.#key(event) } });
    this.element.addEventListener("toggle", (event) => {
      const isOpen = event.newState === "open";
      this.#opener?.setAttribute("aria-expanded", String(isOpen));
      if (!isOpen && this.element.contains(document.activeElement)) this.#opener?.focus();
    });
    host.append(this.element);
  }

  /** `turn` arranges the column: canMove, move, canFold, foldColumn, and its row evenOut. */
  open(turn, column, opener) {
    this.#opener = opener;
    this.element.replaceChildren(...this.#items(turn, column));
    this.element.showPopover();
    placePopover(this.element, opener);
    this.element.querySelector("button").focus();
  }

  #items(turn, column) {
    const { answer } = column;
    const hasText = answer.text.length > 0;
    return [
      hasText && this.#item("copy", gettext("Copy as Markdown"), () => this.#copy(answer.text.text)),
      hasText && this.#item("copy", gettext("Copy as plain text"), () => this.#copy(plainText(column.prose))),
      this.hooks.canContinue(answer) && this.#item("next", gettext("Continue with this AI alone"), () => this.hooks.continueWith(answer)),
      turn.canMove(column, -1) && this.#item("left", gettext("Move to the left"), () => turn.move(column, -1)),
      turn.canMove(column, 1) && this.#item("right", gettext("Move to the right"), () => turn.move(column, 1)),
      turn.canFold(column) && this.#item("fold", gettext("Fold this column"), () => turn.foldColumn(column)),
      turn.row.isWidened && this.#item("columns", gettext("Same width for all"), () => turn.row.evenOut()),
    ].filter(Boolean);
  }

  #item(name, label, act) {
    const pick = () => {
      this.element.hidePopover();
      act();
    };
    return el("button", { type: "button", class: "row", role: "menuitem", on: { click: pick } }, icon(name), el("span", { class: "row-label", text: label }));
  }

  #copy(text) {
    copyText(text).then(() => this.hooks.say(gettext("Copied.")));
  }

  #key(event) {
    const items = [...this.element.querySelectorAll("button")];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length).focus();
  }
}
