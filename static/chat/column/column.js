// One column: the head with its state, the reasoning, the text, the note under it, the foot.
import { copyWithMark } from "../../webox/clipboard.js";
import { $, el, icon, iconButton, setText } from "../../webox/dom.js";
import { fill, gettext, ngettext, number } from "../../webox/i18n.js";
import { ColumnFoot } from "./foot.js";
import { Follower } from "./follow.js";
import { MarkdownView } from "../text/markdown.js";
import { markOf, showState, stateSign } from "./marks.js";
import { nameOf, settingsOf } from "./names.js";
import { hintOf, noteKey, noteOf } from "./notes.js";
import { partReasoning } from "./reasoning.js";
import { isRunning } from "../live/reducer.js";
import { reasoningTitle, stateText, stateWord, words } from "./status.js";

export class ColumnView {
  #ownFollower;

  /**
   * `hooks`: errors, flusher, stop(ids), retry(ids), say(text), choose(answer), follow(column) for a column
   * that
   * has no scroller of its own, and of the turn: step(column, by), menu(column, button), maximise(column),
   * unfold(column).
   */
  constructor(answer, place, hooks) {
    this.hooks = hooks;
    this.answer = answer;
    this.finished = false;
    // Whether it was seen to grow: only then the reader is taken along to its end.
    this.watched = false;
    // When this page saw it start to run; before that only the server’s clock knows.
    this.seenStart = null;
    this.seenEnd = null;
    this.#build(answer);
    this.markdown = new MarkdownView(this.prose);
    this.element.markdown = this.markdown;
    this.#ownFollower = new Follower(this.body, this.pane);
    this.update(answer, place);
  }

  #build(answer) {
    const name = nameOf(answer);
    this.sign = stateSign();
    this.said = el("span", { class: "visually-hidden" });
    this.prose = el("div", { class: "prose" });
    this.thoughts = el("div", { class: "thoughts" });
    this.thoughtsTitle = el("span");
    this.think = el(
      "details",
      { class: "think", hidden: true },
      el("summary", {}, icon("right"), this.thoughtsTitle),
      this.thoughts,
    );
    this.hint = el("p", { class: "column-hint", hidden: true });
    this.note = el("div", { class: "column-note" });
    this.body = el(
      "div",
      {
        class: "body",
        tabindex: "0",
        role: "group",
        "aria-label": fill(gettext("Text of %(name)s"), { name }),
      },
      this.hint,
      this.think,
      this.prose,
      this.note,
    );
    this.pane = el("div", { class: "pane" }, this.body);
    this.foot = new ColumnFoot({
      stop: () => this.hooks.stop([this.answer.id]),
      choose: () => this.choose(),
      copy: () => this.copy(),
      retry: () => this.retry(),
      step: (by) => this.hooks.step(this, by),
      menu: (button) => this.hooks.menu(this, button),
    });
    this.element = el(
      "article",
      {
        class: "column",
        "aria-label": fill(gettext("Answer of %(name)s"), { name }),
        data: { provider: answer.provider, name: answer.name },
      },
      this.#head(answer, name),
      this.pane,
      this.foot.element,
    );
  }

  #head(answer, name) {
    const settings = settingsOf(answer);
    const maximise = fill(gettext("Show %(name)s alone"), { name });
    this.maximise = iconButton("maximise", maximise, () => this.hooks.maximise(this), {
      class: "icon-btn maximise",
      "aria-pressed": "false",
    });
    // What a folded column is opened with: all of it.
    this.unfold = el(
      "button",
      {
        type: "button",
        class: "unfold",
        "aria-label": fill(gettext("Open %(name)s"), { name }),
        title: name,
        on: { click: () => this.hooks.unfold(this) },
      },
      el("span", { "aria-hidden": "true", text: name }),
    );
    const who = el(
      "div",
      { class: "who" },
      el("b", { text: name }),
      el("span", {
        title: settings || null,
        text: settings ? `${answer.model} · ${settings}` : modelLine(answer),
      }),
    );
    this.head = el(
      "header",
      { class: "column-head" },
      markOf(answer.provider, answer.mark),
      who,
      this.sign,
      this.said,
      this.maximise,
      this.unfold,
    );
    return this.head;
  }

  /**
   * Take the answer as it is now, and which of its versions it is: state at once, text with the next flush.
   */
  update(answer, place) {
    const before = this.answer;
    this.answer = answer;
    if (before !== answer && before.status === "queued" && answer.status === "streaming")
      this.seenStart = performance.now();
    const running = isRunning(answer);
    const ended = isRunning(before) && !running;
    this.watched ||= running;
    if (ended) {
      this.seenEnd = Date.now();
      // Its last words are there when it is said to be done.
      this.flush();
    }
    this.element.dataset.status = answer.status;
    this.element.toggleAttribute("data-chosen", answer.is_chosen);
    this.prose.toggleAttribute("data-writing", running);
    this.body.setAttribute("aria-busy", String(running));
    this.foot.update(answer, place);
    this.tick();
    this.#showNote();
    if (ended) this.#announce();
    this.hooks.flusher.add(this);
  }

  /** Take its text, which grew; nothing else has changed. */
  grow(answer) {
    this.answer = answer;
    this.hooks.flusher.add(this);
  }

  /** Bring the text onto the page; called by the flusher. */
  flush() {
    const { text, reasoning } = this.answer;
    if (isRunning(this.answer)) this.markdown.update(text.text);
    else if (!this.finished || this.markdown.text !== text.text) this.markdown.finish(text.text);
    this.finished = !isRunning(this.answer);
    // Writing what is there already would cost a new style each time, here and in the follower.
    if (this.think.hidden === reasoning.length > 0) this.think.hidden = !this.think.hidden;
    const shown = this.thoughts.textContent;
    const parted = partReasoning(reasoning.text);
    if (parted.startsWith(shown)) this.thoughts.append(parted.slice(shown.length));
    else setText(this.thoughts, parted);
    this.foot.showText(this.answer);
    this.tick();
  }

  /** Keep the end of the text in sight, for who reads there; called by the flusher. */
  follow() {
    if (this.watched && this.hooks.follow(this)) this.#ownFollower.grown();
  }

  /** The elapsed time, several times a second while it runs. */
  tick() {
    const elapsedMs = this.#elapsedMs();
    showState(this.sign, this.answer, stateText(this.answer, elapsedMs));
    setText(this.said, this.answer.status === "done" ? stateWord(this.answer) : "");
    setText(this.thoughtsTitle, reasoningTitle(this.answer, elapsedMs));
  }

  #elapsedMs() {
    if (this.answer.status !== "streaming") return null;
    if (this.seenStart !== null) return performance.now() - this.seenStart;
    return this.answer.started_at ? Math.max(0, Date.now() - Date.parse(this.answer.started_at)) : null;
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
      done: () =>
        fill(ngettext("%(name)s finished, %(count)s word.", "%(name)s finished, %(count)s words.", count), {
          name,
          count: number(count),
        }),
      failed: () => fill(gettext("%(name)s failed."), { name }),
      stopped: () => fill(gettext("%(name)s was stopped."), { name }),
      interrupted: () => fill(gettext("%(name)s was interrupted."), { name }),
    };
    this.hooks.say(sentences[this.answer.status]());
  }

  copy() {
    if (this.answer.text.length === 0) return;
    copyWithMark(this.foot.copy, this.answer.text.text).then(() => this.hooks.say(gettext("Copied.")));
  }

  choose() {
    if (!this.foot.star.hidden) this.hooks.choose(this.answer);
  }

  retry() {
    if (!isRunning(this.answer)) this.hooks.retry([this.answer.id]);
  }

  focus() {
    $(".body", this.element).focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest", inline: "start" });
  }
}

const modelLine = (answer) =>
  answer.provider === "demo" ? gettext("Demonstration, not an AI") : answer.model;
