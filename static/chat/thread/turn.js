// One turn: its question, its answers as columns, tabs or one in focus, and what can be done with all of
// them.
import { el, icon, setText } from "../../webox/dom.js";
import { fill, gettext, ngettext, number } from "../../webox/i18n.js";
import { ColumnView } from "../column/column.js";
import { MarkdownView } from "../text/markdown.js";
import { nameOf } from "../column/names.js";
import { QuestionView } from "./question.js";
import { isRunning, versionsOf } from "../live/reducer.js";
import { RowView } from "./row.js";
import { onSwipes } from "./scrolling.js";
import { bestOf } from "../column/status.js";
import { Tabs } from "./tabs.js";
import { TurnBar } from "./turn_bar.js";

// A text that a program told is folded from this length on.
const SHORT_CHARS = 600;

const isBroken = (answer) => answer.status === "failed" || answer.status === "interrupted";

export class TurnView {
  #picked = new Map();

  /**
   * `question` is the user’s message that this turn answers. Until `build` is called its answers are words
   * alone.
   */
  constructor(message, question, layout, hooks) {
    Object.assign(this, { id: message.id, content: message.content, layout });
    this.hooks = {
      ...hooks,
      follow: (column) => hooks.follow(this, column),
      step: (column, by) => this.#step(column, by),
      menu: (column, button) => hooks.menu(this, column, button),
      maximise: (column) => this.maximise(column),
      unfold: (column) => this.open(column),
    };
    Object.assign(this, { columns: [], versions: [], answers: [], current: 0, isBuilt: false });
    this.question = new QuestionView(question, hooks);
    this.bar = new TurnBar({ onView: (view) => this.setView(view), onMore: () => this.row.showNext() });
    this.tabs = new Tabs({
      choose: (name) => this.choose(this.#at(name)),
      panelId: (name) => this.#panelId(this.#at(name)),
    });
    this.row = new RowView(layout, {
      onHidden: (column) => this.bar.offer(column ? nameOf(column.answer) : ""),
      isLinked: () => this.bar.isLinked,
      arrange: () => hooks.arrange(),
    });
    this.plain = el("p", { class: "turn-plain" });
    this.element = el(
      "section",
      { class: "turn unbuilt", id: `message-${message.id}`, data: { message: message.id } },
      el("div", { class: "turn-head" }, this.question.element, this.bar.element),
      this.plain,
      this.tabs.element,
      this.row.element,
      this.#buildFoot(),
    );
    this.bar.element.hidden = true;
    onSwipes(this.row.element, (by) => this.#swipe(by));
    // What the keyboard reaches must be seen.
    this.row.element.addEventListener("focusin", (event) => {
      if (this.element.classList.contains("folded") && event.target.closest(".prose, .column-note"))
        this.fold(false);
    });
    this.#showView();
    this.setLive(true);
  }

  #buildFoot() {
    this.more = el("button", {
      type: "button",
      class: "btn btn-quiet",
      on: { click: () => this.fold(!this.element.classList.contains("folded")) },
    });
    this.retryButton = el("button", {
      type: "button",
      class: "btn btn-quiet",
      hidden: true,
      on: { click: () => this.hooks.retry(this.answers.filter(isBroken).map((answer) => answer.id)) },
    });
    this.stopButton = el(
      "button",
      {
        type: "button",
        class: "btn btn-quiet",
        hidden: true,
        on: { click: () => this.hooks.stop(this.running()) },
      },
      icon("stop"),
      gettext("Stop all"),
      el("kbd", { class: "wide-only", text: gettext("Esc") }),
    );
    this.foot = el(
      "div",
      { class: "turn-foot" },
      this.more,
      el("span", { class: "grow" }),
      this.retryButton,
      this.stopButton,
    );
    return this.foot;
  }

  /** Take the answers as they are now. */
  update(state) {
    this.versions = versionsOf(state, this.id);
    this.answers = this.versions.map((versions) => this.#shown(versions));
    if (this.isBuilt) this.#show();
    else
      setText(
        this.plain,
        this.answers.length > 0 ? this.answers.map((answer) => answer.text.text).join("\n\n") : this.content,
      );
  }

  /** Take the text of one of its answers, which grew. */
  grow(answer) {
    for (const list of [...this.versions, this.answers]) {
      const at = list.findIndex((one) => one.id === answer.id);
      if (at >= 0) list[at] = answer;
    }
    this.columns.find((column) => column.answer.id === answer.id)?.grow(answer);
  }

  /**
   * Put the answers on the page; until then the turn is its question and the bare words, which the page’s
   * search finds.
   */
  build() {
    if (this.isBuilt) return;
    this.isBuilt = true;
    this.plain.remove();
    this.#show();
    // Its text at once: without it the turn would be low for a moment, and the thread would jump.
    for (const column of this.columns) column.flush();
    this.element.classList.remove("unbuilt");
  }

  /** Of a column’s versions the one that is looked at: the newest, until another is picked. */
  #shown(versions) {
    const newest = versions.at(-1);
    const picked = this.#picked.get(newest.position);
    if (picked?.newest !== newest.id) return newest;
    return versions.find((answer) => answer.id === picked.id) ?? newest;
  }

  #step(column, by) {
    const versions = this.versions[this.columns.indexOf(column)];
    const other = versions[versions.findIndex((answer) => answer.id === column.answer.id) + by];
    if (other) this.showVersion(other);
  }

  /**
   * Show this answer in its column, whichever version it is, and give the buttons of versions the keyboard
   * back.
   */
  showVersion(answer) {
    const index = this.versions.findIndex((versions) => versions.some((one) => one.id === answer.id));
    const versions = this.versions[index];
    const isOnVersions = document.activeElement?.closest(".versions") !== null;
    this.#picked.set(answer.position, { id: answer.id, newest: versions.at(-1).id });
    this.answers = this.versions.map((one) => this.#shown(one));
    this.#show();
    if (isOnVersions) this.columns[index].foot.earlier.focus();
  }

  #show() {
    if (this.answers.length === 0) {
      this.#tell();
      return;
    }
    this.answers.forEach((answer, index) => this.#column(answer, index));
    this.arrange();
    const best = bestOf(this.answers);
    for (const column of this.columns) column.foot.showBest(best, column.answer.id);
    const broken = this.answers.filter(isBroken).length;
    this.retryButton.hidden = broken === 0;
    if (broken > 0) {
      const label = ngettext("Retry the failed one", "Retry the %(count)s failed ones", broken);
      this.retryButton.replaceChildren(icon("retry"), fill(label, { count: number(broken) }));
    }
    this.stopButton.hidden = this.answers.length < 2 || this.running().length === 0;
    this.#showFoot();
  }

  /** An answer of no AI that was asked here: a program says that it was given. */
  #tell() {
    this.tabs.element.hidden = true;
    this.bar.element.hidden = true;
    if (this.row.element.childElementCount > 0) return;
    const prose = el("div", { class: "prose" });
    new MarkdownView(prose).finish(this.content);
    this.element.classList.toggle("short", this.content.length <= SHORT_CHARS);
    this.row.element.append(
      el(
        "div",
        { class: "told" },
        el("p", { class: "told-by", text: gettext("The answer as a program told it") }),
        prose,
      ),
    );
    this.#showFoot();
  }

  #column(answer, index) {
    const known = this.columns[index];
    const versions = this.versions[index];
    const place = { at: versions.findIndex((one) => one.id === answer.id) + 1, of: versions.length };
    if (known?.answer.id === answer.id) {
      known.update(answer, place);
      return;
    }
    const column = new ColumnView(answer, place, this.hooks);
    column.element.id = this.#panelId(index);
    this.columns[index] = column;
    this.row.put(column, known);
    this.select(this.current);
  }

  #panelId(index) {
    return `answer-${this.id}-${index}`;
  }

  #at(name) {
    return this.answers.findIndex((answer) => answer.name === name);
  }

  // --- How they stand ---

  /** Bring the columns into the order and the widths that the person wants. */
  arrange() {
    if (this.columns.length === 0) return;
    this.ordered = this.row.arrange(this.columns, this.element.dataset.view);
    this.tabs.show(this.ordered.map((column) => column.answer));
    this.tabs.select(this.columns[this.current].answer.name);
    this.bar.element.hidden = this.columns.length < 2;
    this.#showView();
  }

  canMove(column, by) {
    return this.ordered[this.ordered.indexOf(column) + by] !== undefined;
  }

  move(column, by) {
    this.layout.move(
      this.ordered.map((one) => one.answer.name),
      column.answer.name,
      by,
    );
    this.hooks.arrange();
    column.foot.more.focus();
  }

  /** Whether there would be another column left to read. */
  canFold(column) {
    return this.columns.some((other) => other !== column && !this.layout.isFolded(other.answer.name));
  }

  foldColumn(column) {
    this.layout.fold(column.answer.name, true);
    this.hooks.arrange();
    column.unfold.focus();
  }

  /** Make room for a column that is folded or not the one in focus. */
  open(column) {
    if (this.element.dataset.view === "focus") {
      this.choose(this.columns.indexOf(column));
    } else {
      this.layout.fold(column.answer.name, false);
      this.hooks.arrange();
    }
    column.focus();
  }

  setView(view) {
    this.layout.setView(this.id, view);
    this.#showView();
    this.row.arrange(this.columns, view);
  }

  #showView() {
    const view = this.layout.view(this.id);
    this.element.dataset.view = view;
    this.bar.show(view);
    for (const column of this.columns) {
      const isAlone = view === "focus" && column === this.columns[this.current];
      column.maximise.setAttribute("aria-pressed", String(isAlone));
    }
  }

  /** Show this one large beside rails of the others, or all of them again. */
  maximise(column) {
    const isAlone = this.element.dataset.view === "focus" && this.columns[this.current] === column;
    this.select(this.columns.indexOf(column));
    this.setView(isAlone ? "columns" : "focus");
  }

  /** The column that tabs, focus and phones show. */
  select(index) {
    this.current = Math.max(0, Math.min(index, this.columns.length - 1));
    this.columns.forEach((column, at) => column.element.toggleAttribute("data-current", at === this.current));
    if (this.ordered) this.tabs.select(this.columns[this.current].answer.name);
    this.#showView();
  }

  /** The person’s choice: its tab comes into sight, too. */
  choose(index) {
    this.select(index);
    this.tabs.select(this.columns[this.current].answer.name, true);
    this.row.arrange(this.columns, this.element.dataset.view);
  }

  #swipe(by) {
    const next = this.ordered[this.ordered.indexOf(this.columns[this.current]) + by];
    if (next) this.hooks.swipe(next.answer.name);
  }

  /** Put the keyboard into a column, by its place on the page. */
  focusColumn(place) {
    const column = this.ordered?.[place];
    if (!column) return false;
    if (this.layout.isFolded(column.answer.name)) this.open(column);
    this.choose(this.columns.indexOf(column));
    column.focus();
    return true;
  }

  // --- Older and newer ---

  /** Ids of the answers that are still being written. */
  running() {
    return this.versions
      .flat()
      .filter(isRunning)
      .map((answer) => answer.id);
  }

  tick() {
    for (const column of this.columns) {
      if (!isRunning(column.answer)) continue;
      column.tick();
      this.tabs.tick(column.answer);
    }
  }

  /** The last turn fills the window and its columns scroll by themselves; older ones are folded. */
  setLive(live) {
    if (this.live === live) return;
    this.live = live;
    this.element.classList.toggle("live", live);
    this.fold(!live);
  }

  fold(folded) {
    this.element.classList.toggle("folded", folded);
    setText(this.more, folded ? gettext("Show all") : gettext("Fold"));
    this.more.setAttribute("aria-expanded", String(!folded));
    this.#showFoot();
  }

  #showFoot() {
    this.more.hidden = this.live || this.element.classList.contains("short");
    this.foot.hidden = this.more.hidden && this.retryButton.hidden && this.stopButton.hidden;
  }
}
