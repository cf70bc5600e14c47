// The foot of a column: the answer’s figures, then what can be done with it.
import { el, icon, iconButton, setText } from "../../webox/dom.js";
import { fill, gettext, number } from "../../webox/i18n.js";
import { cost } from "../../webox/money.js";
import { isRunning } from "../live/reducer.js";
import { shortTime, tokenSplit, tokensPerSecond, tokenTotal } from "./status.js";

function figuresOf(answer) {
  const { first_token_ms, cost_usd } = answer;
  const rate = tokensPerSecond(answer);
  const total = tokenTotal(answer);
  // Its vendor did not say, or was cut off before it could.
  const about = (text) => (answer.is_estimated ? `≈ ${text}` : text);
  return [
    [gettext("first word"), first_token_ms === null ? "–" : shortTime(first_token_ms)],
    [gettext("tokens/s"), rate === null ? "–" : about(number(rate))],
    [gettext("tokens"), total === null ? "–" : about(number(total))],
    [gettext("cost"), cost_usd === null ? "–" : about(cost(cost_usd))],
  ];
}

export class ColumnFoot {
  /** `acts`: stop(), choose(), copy(), retry(), step(by) through the versions, menu(button). */
  constructor(acts) {
    this.figures = el("dl", { class: "figures num" });
    this.stop = el(
      "button",
      { type: "button", class: "btn btn-quiet", on: { click: acts.stop } },
      icon("stop"),
      gettext("Stop"),
    );
    this.star = el(
      "button",
      { type: "button", class: "btn btn-quiet choose", "aria-pressed": "false", on: { click: acts.choose } },
      icon("star"),
      el("span"),
    );
    this.earlier = iconButton("left", gettext("Earlier version"), () => acts.step(-1));
    this.later = iconButton("right", gettext("Later version"), () => acts.step(1));
    this.place = el("span", { class: "num" });
    this.versions = el(
      "span",
      { class: "versions", role: "group", "aria-label": gettext("Versions of this answer") },
      this.earlier,
      this.place,
      this.later,
    );
    this.copy = iconButton("copy", gettext("Copy the answer"), acts.copy);
    this.retry = iconButton("retry", gettext("Run again"), acts.retry);
    this.more = iconButton("dots", gettext("More actions"), () => acts.menu(this.more), {
      "aria-haspopup": "menu",
      "aria-expanded": "false",
    });
    const actions = el(
      "div",
      { class: "column-actions" },
      this.stop,
      this.star,
      this.versions,
      el("span", { class: "grow" }),
      this.copy,
      this.retry,
      this.more,
    );
    this.element = el("footer", { class: "column-foot" }, this.figures, actions);
  }

  /** `place` is {at, of}: which version this is, from 1, of how many. */
  update(answer, place) {
    const running = isRunning(answer);
    const held = [this.stop, this.star, this.retry].find((button) => button === document.activeElement);
    this.stop.hidden = !running;
    this.star.hidden = running || answer.text.length === 0;
    this.star.setAttribute("aria-pressed", String(answer.is_chosen));
    setText(this.star.lastChild, answer.is_chosen ? gettext("Chosen") : gettext("Choose"));
    this.retry.hidden = running;
    // The keyboard keeps its place where its button has gone.
    if (held?.hidden) (running ? this.stop : this.retry).focus();
    this.showText(answer);
    this.#showVersions(place);
    this.#showFigures(answer);
  }

  /** Its first words have come. */
  showText(answer) {
    this.copy.hidden = answer.text.length === 0;
  }

  #showVersions({ at, of }) {
    this.versions.hidden = of < 2;
    setText(this.place, `${number(at)}/${number(of)}`);
    this.place.title = fill(gettext("Version %(at)s of %(of)s"), { at: number(at), of: number(of) });
    // Not `disabled`: that would take the keyboard’s place away.
    this.earlier.setAttribute("aria-disabled", String(at === 1));
    this.later.setAttribute("aria-disabled", String(at === of));
  }

  #showFigures(answer) {
    const figures = figuresOf(answer);
    if (this.figures.children.length === 0) {
      this.figures.append(...figures.map(([label]) => el("div", {}, el("dt", { text: label }), el("dd"))));
    }
    figures.forEach(([, value], index) => setText(this.figures.children[index].lastChild, value));
    this.figures.children[2].title = tokenSplit(answer);
  }

  /** Mark the figures that are the best of the turn. */
  showBest(best, answerId) {
    [best.first, best.rate, null, best.cost].forEach((winner, index) => {
      this.figures.children[index].toggleAttribute("data-best", winner === answerId);
    });
  }
}
