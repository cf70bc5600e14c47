// The tabs of a turn’s answers: what a phone shows them by, and one of the ways to look at them elsewhere.
import { el, icon } from "../../webox/dom.js";
import { gettext } from "../../webox/i18n.js";
import { markOf, showState, stateSign } from "../column/marks.js";
import { nameOf } from "../column/names.js";
import { stateWord } from "../column/status.js";

export class Tabs {
  #tabs = new Map();

  /** `choose(name)` when the person picks one; `panelId(name)` is the id of what a tab shows. */
  constructor({ choose, panelId }) {
    this.choose = choose;
    this.panelId = panelId;
    this.element = el("div", {
      class: "tabs",
      role: "tablist",
      "aria-label": gettext("Answers of this turn"),
      on: { keydown: (event) => this.#key(event) },
    });
  }

  /** One for each of these answers, in this order. */
  show(answers) {
    for (const answer of answers) {
      if (!this.#tabs.has(answer.name)) this.#tabs.set(answer.name, this.#make(answer));
      this.tick(answer);
    }
    const wanted = answers.map(({ name }) => this.#tabs.get(name));
    if (wanted.some((tab, index) => this.element.children[index] !== tab))
      this.element.replaceChildren(...wanted);
    // Two models of one vendor have the same mark: only then a tab has room for the model’s name, too.
    this.element.toggleAttribute(
      "data-alike",
      new Set(answers.map((answer) => answer.mark)).size < answers.length,
    );
  }

  #make(answer) {
    const star = icon("star");
    star.classList.add("icon-solid");
    const name = el(
      "span",
      { class: "tab-name" },
      el("b", { text: nameOf(answer) }),
      el("small", { text: answer.model }),
    );
    return el(
      "button",
      {
        type: "button",
        class: "tab",
        role: "tab",
        "aria-controls": this.panelId(answer.name),
        data: { name: answer.name },
        on: { click: () => this.choose(answer.name) },
      },
      markOf(answer.provider, answer.mark),
      name,
      star,
      stateSign(),
    );
  }

  tick(answer) {
    const tab = this.#tabs.get(answer.name);
    const words = [nameOf(answer), stateWord(answer), ...(answer.is_chosen ? [gettext("Chosen")] : [])];
    const label = words.join(", ");
    if (tab.getAttribute("aria-label") !== label) tab.setAttribute("aria-label", label);
    tab.toggleAttribute("data-chosen", answer.is_chosen);
    showState(tab.lastChild, answer, "");
  }

  /** This one is shown; with `isPicked` it comes into sight, too. */
  select(name, isPicked = false) {
    for (const [other, tab] of this.#tabs) {
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
    }
    if (!isPicked) return;
    const { offsetLeft, offsetWidth } = this.#tabs.get(name);
    this.element.scrollLeft = offsetLeft - (this.element.clientWidth - offsetWidth) / 2;
  }

  #key(event) {
    const tabs = [...this.element.children];
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined || event.altKey) return;
    event.preventDefault();
    const tab = tabs.at(to % tabs.length);
    this.choose(tab.dataset.name);
    tab.focus();
  }
}
