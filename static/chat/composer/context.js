// What each AI is told next of the turns before: seen on a chip, chosen in its popover.
import { el, icon, placePopover, setText } from "../../webox/dom.js";
import { fill, gettext, ngettext, number } from "../../webox/i18n.js";

const WORDS = {
  own: () => gettext("Each its own thread"),
  chosen: () => gettext("All from the ★ answer"),
  all: () => gettext("All read everything"),
};

export class ContextChip {
  #columns = 1;
  #chosenName = null;

  /** Builds itself into `root`; `onChange()` hears of each choice. */
  constructor(root, { mode, onChange }) {
    this.mode = mode in WORDS ? mode : "own";
    this.onChange = onChange;
    this.label = el("span");
    this.chip = el(
      "button",
      { type: "button", class: "chip chip-plain", popovertarget: "context-list", "aria-expanded": "false" },
      icon("context"),
      this.label,
      icon("more"),
    );
    this.options = Object.keys(WORDS).map((option) => this.#option(option));
    this.list = el(
      "div",
      {
        class: "ai-list context-list",
        id: "context-list",
        popover: "auto",
        role: "radiogroup",
        "aria-label": gettext("What each AI is told next"),
        on: { keydown: (event) => this.#key(event) },
      },
      el("h3", { text: gettext("At the next question") }),
      ...this.options,
    );
    this.list.addEventListener("beforetoggle", ({ newState }) =>
      this.chip.setAttribute("aria-expanded", String(newState === "open")),
    );
    this.list.addEventListener(
      "toggle",
      ({ newState }) => newState === "open" && placePopover(this.list, this.chip),
    );
    root.append(this.chip);
    root.closest("form").append(this.list);
    this.#show();
  }

  /**
   * `columns`: how many AIs have answered so far; `chosenName`: whose answer is the last starred, or null.
   */
  update({ columns, chosenName }) {
    this.#columns = columns;
    this.#chosenName = chosenName;
    // Before there is an answer nothing can be told.
    this.chip.hidden = columns === 0;
    this.#show();
  }

  #option(mode) {
    return el(
      "button",
      {
        type: "button",
        class: "option",
        role: "radio",
        data: { mode },
        on: { click: () => this.choose(mode) },
      },
      icon("check"),
      el("b", { text: WORDS[mode]() }),
      el("small"),
    );
  }

  #explanations() {
    return {
      own: gettext("Each AI reads its own answers again, not the others’."),
      chosen:
        this.#chosenName === null
          ? gettext("No answer is chosen yet: until one is, each reads its own.")
          : fill(gettext("All go on from the chosen answers, the last one of %(name)s."), {
              name: this.#chosenName,
            }),
      all: fill(
        ngettext(
          "Each also reads the others: about %(count)s time as many tokens.",
          "Each also reads the others: about %(count)s times as many tokens.",
          this.#columns,
        ),
        { count: number(this.#columns) },
      ),
    };
  }

  /** The options stay the same elements: the keyboard may be on one of them while answers come in. */
  #show() {
    setText(this.label, WORDS[this.mode]());
    const explanations = this.#explanations();
    for (const option of this.options) {
      const { mode } = option.dataset;
      const isChecked = mode === this.mode;
      option.setAttribute("aria-checked", String(isChecked));
      option.tabIndex = isChecked ? 0 : -1;
      // Where the keyboard goes as the list opens: at once, before the next key.
      option.autofocus = isChecked;
      setText(option.querySelector("small"), explanations[mode]);
    }
  }

  choose(mode) {
    this.mode = mode;
    this.#show();
    if (this.list.matches(":popover-open")) this.list.hidePopover();
    this.chip.focus();
    this.onChange();
  }

  #key(event) {
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.options.at((this.options.indexOf(document.activeElement) + by) % this.options.length).focus();
  }
}
