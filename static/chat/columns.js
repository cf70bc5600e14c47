// One column: the head with its state, the text, the error card, the figures, what can be done.
import { $, el, icon, iconButton, setText } from "../webox/dom.js";
import { fill, gettext, ngettext, number } from "../webox/i18n.js";
import { cost } from "../webox/money.js";
import { copyWithMark } from "./clipboard.js";
import { Follower } from "./follow.js";
import { MarkdownView } from "./markdown.js";
import { isDemo, nameOf } from "./names.js";
import { hintOf, noteKey, noteOf } from "./notes.js";
import { partReasoning } from "./reasoning.js";
import { isRunning } from "./reducer.js";
import { shortTime, stateShape, stateText, stateWord, tokenSplit, tokensPerSecond, tokenTotal, words } from "./status.js";

export const markOf = (provider, mark) => el("span", { class: "mark", data: { vendor: provider }, "aria-hidden": "true", text: mark });

export const stateSign = () => el("span", { class: "state" }, el("i", { class: "dot" }), el("span", { class: "state-text" }));

/** Make a sign of `stateSign` show this answer; `text` may be empty where there is room for the shape alone. */
export function showState(sign, answer, text) {
  const shape = stateShape(answer);
  if (sign.dataset.shape !== shape) {
    sign.dataset.shape = shape;
    sign.firstChild.replaceWith(shape === "ring" || shape === "disc" ? el("i", { class: "dot" }) : icon(shape));
  }
  sign.dataset.status = answer.status;
  setText(sign.lastChild, text);
}

export class ColumnView {
  #ownFollower;

  /** `hooks`: errors, flusher, stop(ids), retry(ids), say(text), follow(column) for a column that has no scroller of its own. */
  constructor(answer, hooks) {
    this.hooks = hooks;
    this.answer = answer;
    this.finished = false;
    // Whether it was seen to grow: only then the reader is taken along to its end.
    this.watched = false;
    // When this page saw it start to run; before that only the server’s clock knows.
    this.seenStart = null;
    this.seenEnd = null;
    this.build(answer);
    this.markdown = new MarkdownView(this.prose);
    this.element.markdown = this.markdown;
    this.#ownFollower = new Follower(this.body, this.pane);
    this.update(answer);
  }

  build(answer) {
    const name = nameOf(answer);
    this.sign = stateSign();
    this.said = el("span", { class: "visually-hidden" });
    this.prose = el("div", { class: "prose" });
    this.thoughts = el("div", { class: "thoughts" });
    this.think = el("details", { class: "think", hidden: true }, el("summary", {}, icon("right"), gettext("Reasoning")), this.thoughts);
    this.hint = el("p", { class: "column-hint", hidden: true });
    this.note = el("div", { class: "column-note" });
    this.body = el("div", { class: "body", tabindex: "0", role: "group", "aria-label": fill(gettext("Text of %(name)s"), { name }) }, this.hint, this.think, this.prose, this.note);
    this.pane = el("div", { class: "pane" }, this.body);
    this.figures = el("dl", { class: "figures num" });
    this.stopButton = el("button", { type: "button", class: "btn btn-quiet", on: { click: () => this.hooks.stop([this.answer.id]) } }, icon("stop"), gettext("Stop"));
    this.copyButton = iconButton("copy", gettext("Copy the answer"), () => this.#copy());
    this.retryButton = iconButton("retry", gettext("Run again"), () => this.hooks.retry([this.answer.id]));
    this.element = el(
      "article",
      { class: "column", "aria-label": fill(gettext("Answer of %(name)s"), { name }), data: { provider: answer.provider } },
      el(
        "header",
        { class: "column-head" },
        markOf(answer.provider, answer.mark),
        el("div", { class: "who" }, el("b", { text: name }), el("span", { text: isDemo(answer) ? gettext("Demonstration, not an AI") : answer.model })),
        this.sign,
        this.said,
      ),
      this.pane,
      el("footer", { class: "column-foot" }, this.figures, el("div", { class: "column-actions" }, this.stopButton, el("span", { class: "grow" }), this.copyButton, this.retryButton)),
    );
  }

  /** Take the answer as it is now: state at once, text with the next flush. */
  update(answer) {
    const before = this.answer;
    this.answer = answer;
    if (before !== answer && before.status === "queued" && answer.status === "streaming") this.seenStart = performance.now();
    const running = isRunning(answer);
    const ended = isRunning(before) && !running;
    this.watched ||= running;
    if (ended) {
      this.seenEnd = Date.now();
      // Its last words are there when it is said to be done.
      this.flush();
    }
    this.element.dataset.status = answer.status;
    this.prose.toggleAttribute("data-writing", running);
    this.body.setAttribute("aria-busy", String(running));
    this.stopButton.hidden = !running;
    this.retryButton.hidden = running;
    this.copyButton.hidden = answer.text.length === 0;
    this.tick();
    this.#showFigures();
    this.#showNote();
    if (ended) this.#announce();
    this.hooks.flusher.add(this);
  }

  /** Bring the text onto the page; called by the flusher. */
  flush() {
    const { text, reasoning } = this.answer;
    if (isRunning(this.answer)) this.markdown.update(text.text);
    else if (!this.finished || this.markdown.text !== text.text) this.markdown.finish(text.text);
    this.finished = !isRunning(this.answer);
    this.think.hidden = reasoning.length === 0;
    const shown = this.thoughts.textContent;
    const parted = partReasoning(reasoning.text);
    if (parted.startsWith(shown)) this.thoughts.append(parted.slice(shown.length));
    else setText(this.thoughts, parted);
    this.copyButton.hidden = text.length === 0;
    this.tick();
    if (this.watched && this.hooks.follow(this)) this.#ownFollower.grown();
  }

  /** The elapsed time, several times a second while it runs. */
  tick() {
    showState(this.sign, this.answer, stateText(this.answer, this.#elapsedMs()));
    setText(this.said, this.answer.status === "done" ? stateWord(this.answer) : "");
  }

  /** `best` names the answers with the best figures of the turn. */
  showBest(best) {
    const winners = [best.first, best.rate, null, best.cost];
    winners.forEach((winner, index) => this.figures.children[index].toggleAttribute("data-best", winner === this.answer.id));
  }

  #elapsedMs() {
    if (this.answer.status !== "streaming") return null;
    if (this.seenStart !== null) return performance.now() - this.seenStart;
    return this.answer.started_at ? Math.max(0, Date.now() - Date.parse(this.answer.started_at)) : null;
  }

  #showFigures() {
    const { first_token_ms, cost_usd } = this.answer;
    const rate = tokensPerSecond(this.answer);
    const total = tokenTotal(this.answer);
    const figures = [
      [gettext("first word"), first_token_ms === null ? "–" : shortTime(first_token_ms)],
      [gettext("tokens/s"), rate === null ? "–" : number(rate)],
      [gettext("tokens"), total === null ? "–" : number(total)],
      [gettext("cost"), cost(cost_usd)],
    ];
    if (this.figures.children.length === 0) {
      this.figures.append(...figures.map(([label]) => el("div", {}, el("dt", { text: label }), el("dd"))));
    }
    figures.forEach(([, value], index) => setText(this.figures.children[index].lastChild, value));
    this.figures.children[2].title = tokenSplit(this.answer);
  }

  #showNote() {
    const hint = hintOf(this.answer);
    setText(this.hint, hint);
    this.hint.hidden = hint === "";
    const key = noteKey(this.answer);
    if (this.note.dataset.key === key) return;
    this.note.dataset.key = key;
    const note = noteOf(this.answer, this.hooks, this.#endedAt());
    this.note.replaceChildren(...(note ? [note] : []));
  }

  /** When it ended, in ms: as this page saw it, else by the server’s clock. */
  #endedAt() {
    const { started_at, created_at, total_ms } = this.answer;
    return this.seenEnd ?? Date.parse(started_at ?? created_at) + (total_ms ?? 0);
  }

  #announce() {
    const name = nameOf(this.answer);
    const count = words(this.answer.text.text);
    const sentences = {
      done: () => fill(ngettext("%(name)s finished, %(count)s word.", "%(name)s finished, %(count)s words.", count), { name, count: number(count) }),
      failed: () => fill(gettext("%(name)s failed."), { name }),
      stopped: () => fill(gettext("%(name)s was stopped."), { name }),
      interrupted: () => fill(gettext("%(name)s was interrupted."), { name }),
    };
    this.hooks.say(sentences[this.answer.status]());
  }

  #copy() {
    copyWithMark(this.copyButton, this.answer.text.text).then(() => this.hooks.say(gettext("Copied.")));
  }

  focus() {
    $(".body", this.element).focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest", inline: "start" });
  }
}
