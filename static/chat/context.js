// What each AI is told next of the turns before: seen on a chip, chosen in its popover.
import { el, icon, placePopover, setText } from "../webox/dom.js";
import { fill, gettext, ngettext, number } from "../webox/i18n.js";

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
    this.chip = el("button", { type: "button", class: "chip chip-plain", popovertarget: "context-list", "aria-expanded": "false" }, icon("context"), this.label, icon("more"));
    this.list = el("div", { class: "ai-list context-list", id: "context-list", popover: "auto", role: "radiogroup", "aria-label": gettext("What each AI is told next"), on: { keydown: (event) => this.#key(event) } });
    this.list.addEventListener("toggle", (event) => {
      const isOpen = event.newState === "open";
      this.chip.setAttribute("aria-expanded", String(isOpen));
      if (!isOpen) return;
      placePopover(this.list, this.chip);
      this.list.querySelector('[aria-checked="true"]').focus();
    });
    root.append(this.chip);
    root.closest("form").append(this.list);
    this.#show();
  }

  /** `columns`: how many AIs have answered so far; `chosenName`: whose answer is the last starred, or null. */
  update({ columns, chosenName }) {
    this.#columns = columns;
    this.#chosenName = chosenName;
    // Before there is an answer nothing can be told.
    this.chip.hidden = columns === 0;
    this.#show();
  }

  #explanations() {
    return {
      own: gettext("Each AI reads its own answers again, not the others’."),
      chosen: this.#chosenName === null ? gettext("No answer is chosen yet: until one is, each reads its own.") : fill(gettext("All go on from the chosen answers, the last one of %(name)s."), { name: this.#chosenName }),
      all: fill(ngettext("Each also reads the others: about %(count)s time as many tokens.", "Each also reads the others: about %(count)s times as many tokens.", this.#columns), { count: number(this.#columns) }),
    };
  }

  #show() {
    setText(this.label, WORDS[this.mode]());
    const explanations = this.#explanations();
    const options = Object.entries(WORDS).map(([mode, word]) =>
      el(
        "button",
        { type: "button", class: "option", role: "radio", "aria-checked": String(mode === this.mode), tabindex: mode === this.mode ? "0" : "-1", data: { mode }, on: { click: () => this.choose(mode) } },
        icon("check"),
        el("b", { text: word() }),
        el("small", { text: explanations[mode] }),
      ),
    );
    this.list.replaceChildren(el("h3", { text: gettext("At the next question") }), ...options);
  }

  choose(mode) {
    this.mode = mode;
    this.#show();
    if (this.list.matches(":popover-open")) this.list.hidePopover();
    this.chip.focus();
    this.onChange();
  }

  #key(event) {
    const options = [...this.list.querySelectorAll("[role=radio]")];
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    options.at((options.indexOf(document.activeElement) + by) % options.length).focus();
  }
}
