// The thread: every turn with its question, its columns and what can be done with all of them.
import { el, icon, setText } from "../webox/dom.js";
import { fill, gettext, ngettext, number } from "../webox/i18n.js";
import { ColumnView, markOf, showState, stateSign } from "./columns.js";
import { Follower } from "./follow.js";
import { gallery } from "./gallery.js";
import { MarkdownView } from "./markdown.js";
import { nameOf } from "./names.js";
import { columnsOf, isRunning } from "./reducer.js";
import { bestOf, stateWord } from "./status.js";

const TICK_MS = 200;
// A text that a program told is folded from this length on.
const SHORT_CHARS = 600;
const phone = matchMedia("(max-width: 767.98px)");

const isBroken = (answer) => answer.status === "failed" || answer.status === "interrupted";

class TurnView {
  /** `question` is the user’s message that this turn answers. */
  constructor(message, question, hooks) {
    this.id = message.id;
    this.content = message.content;
    this.hooks = { ...hooks, follow: (column) => hooks.follow(this, column) };
    this.columns = [];
    this.tabs = [];
    this.current = 0;
    this.question = el("h2", { class: "question", text: question.content });
    this.images = question.attachments.length > 0 ? gallery(question.attachments) : null;
    this.tablist = el("div", { class: "tabs", role: "tablist", "aria-label": gettext("Answers of this turn"), on: { keydown: (event) => this.#tabKey(event) } });
    this.row = el("div", { class: "columns" });
    this.more = el("button", { type: "button", class: "btn btn-quiet", on: { click: () => this.fold(!this.element.classList.contains("folded")) } });
    this.retryButton = el("button", { type: "button", class: "btn btn-quiet", on: { click: () => hooks.retry(this.answers.filter(isBroken).map((answer) => answer.id)) } });
    this.stopButton = el("button", { type: "button", class: "btn btn-quiet", on: { click: () => hooks.stop(this.answers.filter(isRunning).map((answer) => answer.id)) } }, icon("stop"), gettext("Stop all"), el("kbd", { class: "wide-only", text: gettext("Esc") }));
    this.foot = el("div", { class: "turn-foot" }, this.more, el("span", { class: "grow" }), this.retryButton, this.stopButton);
    this.element = el("section", { class: "turn", data: { message: message.id } }, this.question, this.images, this.tablist, this.row, this.foot);
    // What the keyboard reaches must be seen.
    this.row.addEventListener("focusin", (event) => {
      if (this.element.classList.contains("folded") && event.target.closest(".prose, .column-note")) this.fold(false);
    });
    this.setLive(true);
  }

  update(state) {
    this.answers = columnsOf(state, this.id).map((id) => state.answers[id]);
    if (this.answers.length === 0) {
      this.#tell();
      return;
    }
    this.answers.forEach((answer, index) => this.#column(answer, index));
    // Two models of one vendor have the same mark: only then a tab has room for the model’s name, too.
    this.tablist.toggleAttribute("data-alike", new Set(this.answers.map((answer) => answer.mark)).size < this.answers.length);
    const best = bestOf(this.answers);
    for (const column of this.columns) column.showBest(best);
    const broken = this.answers.filter(isBroken).length;
    this.retryButton.hidden = broken === 0;
    if (broken > 0) {
      const label = ngettext("Retry the failed one", "Retry the %(count)s failed ones", broken);
      this.retryButton.replaceChildren(icon("retry"), fill(label, { count: number(broken) }));
    }
    this.stopButton.hidden = this.answers.length < 2 || !this.answers.some(isRunning);
    this.#showFoot();
  }

  /** An answer of no AI that was asked here: a program says that it was given. */
  #tell() {
    this.tablist.hidden = true;
    if (this.row.childElementCount > 0) return;
    const prose = el("div", { class: "prose" });
    new MarkdownView(prose).finish(this.content);
    this.element.classList.toggle("short", this.content.length <= SHORT_CHARS);
    this.row.append(el("div", { class: "told" }, el("p", { class: "told-by", text: gettext("The answer as a program told it") }), prose));
    this.retryButton.hidden = true;
    this.stopButton.hidden = true;
    this.#showFoot();
  }

  #column(answer, index) {
    const known = this.columns[index];
    if (known?.answer.id === answer.id) {
      known.update(answer);
    } else {
      const column = new ColumnView(answer, this.hooks);
      this.columns[index] = column;
      if (known) known.element.replaceWith(column.element);
      else this.row.append(column.element);
      column.element.id = `answer-${this.id}-${index}`;
      this.#tab(answer, index);
      this.select(this.current);
    }
    this.tickTab(index);
  }

  #tab(answer, index) {
    const tab = el("button", { type: "button", class: "tab", role: "tab", "aria-controls": `answer-${this.id}-${index}`, on: { click: () => this.choose(index) } }, markOf(answer.provider, answer.mark), el("span", { class: "tab-name", text: answer.model }), stateSign());
    if (this.tabs[index]) this.tabs[index].replaceWith(tab);
    else this.tablist.append(tab);
    this.tabs[index] = tab;
  }

  tickTab(index) {
    const { answer } = this.columns[index];
    const tab = this.tabs[index];
    const label = `${nameOf(answer)}, ${stateWord(answer)}`;
    if (tab.getAttribute("aria-label") !== label) tab.setAttribute("aria-label", label);
    showState(tab.lastChild, answer, "");
  }

  /** On a phone one column is on the screen at a time. */
  select(index) {
    this.current = Math.min(index, this.columns.length - 1);
    this.columns.forEach((column, at) => column.element.toggleAttribute("data-current", at === this.current));
    this.tabs.forEach((tab, at) => {
      tab.setAttribute("aria-selected", String(at === this.current));
      tab.tabIndex = at === this.current ? 0 : -1;
    });
  }

  /** The person’s choice: its tab comes into sight, too. */
  choose(index) {
    this.select(index);
    const { offsetLeft, offsetWidth } = this.tabs[this.current];
    this.tablist.scrollLeft = offsetLeft - (this.tablist.clientWidth - offsetWidth) / 2;
  }

  #tabKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.choose((this.current + step + this.columns.length) % this.columns.length);
    this.tabs[this.current].focus();
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

export class ThreadView {
  #turns = new Map();
  #timer = null;
  #anchored = false;

  /** `frame` is the positioned element round the scroller `root`; `hooks` as for ColumnView, without `follow`. */
  constructor(root, frame, hooks) {
    this.root = root;
    this.follower = new Follower(root, frame);
    this.hooks = { ...hooks, follow: (turn, column) => this.#follow(turn, column) };
    hooks.flusher.onFlushed = () => this.#settle();
  }

  /** Bring `state` onto the page; only what differs from `before` is touched. */
  update(state, before) {
    const touched = new Set();
    for (const answer of Object.values(state.answers)) {
      if (before.answers[answer.id] !== answer) touched.add(answer.message_id);
    }
    let added = false;
    if (state.messages !== before.messages) added = this.#addTurns(state, touched);
    for (const id of touched) this.#turns.get(id)?.update(state);
    if (added) this.#showLast();
    this.#runClock();
  }

  #addTurns(state, touched) {
    const byId = new Map(state.messages.map((message) => [message.id, message]));
    for (const [id, turn] of this.#turns) {
      if (byId.has(id)) continue;
      // Another branch is shown in its place.
      turn.element.remove();
      this.#turns.delete(id);
    }
    let question = { content: "", attachments: [] };
    let added = false;
    for (const message of state.messages) {
      if (message.role === "user") question = message;
      if (message.role !== "assistant" || this.#turns.has(message.id)) continue;
      const turn = new TurnView(message, byId.get(message.parent_id) ?? question, this.hooks);
      this.#insert(turn);
      touched.add(message.id);
      added = true;
    }
    for (const turn of this.#turns.values()) turn.setLive(turn === this.last);
    return added;
  }

  #insert(turn) {
    const next = [...this.#turns.values()].find((other) => other.id > turn.id);
    this.root.insertBefore(turn.element, next?.element ?? null);
    this.#turns = new Map([...this.#turns, [turn.id, turn]].sort(([a], [b]) => a - b));
  }

  get last() {
    return [...this.#turns.values()].at(-1);
  }

  /** Ids of the answers that are still being written, in any turn. */
  running() {
    return [...this.#turns.values()].flatMap((turn) => turn.answers.filter(isRunning).map((answer) => answer.id));
  }

  /** Put the keyboard into column `index` of the last turn. */
  focusColumn(index) {
    const column = this.last?.columns[index];
    if (!column) return false;
    this.last.choose(index);
    column.focus();
    return true;
  }

  #showLast() {
    this.#anchored = true;
    this.root.scrollTop = this.last.element.offsetTop;
    this.follower.following = true;
    this.follower.pill.hidden = true;
  }

  /** Once the texts above have their height, the last turn is lower than it was. */
  #settle() {
    if (!this.#anchored) return;
    this.#anchored = false;
    if (phone.matches && this.running().length > 0) return;
    this.root.scrollTop = this.last.element.offsetTop;
  }

  /** On a phone the whole thread scrolls; elsewhere the columns of the last turn do. True means: follow by yourself. */
  #follow(turn, column) {
    if (turn !== this.last) return false;
    if (!phone.matches) return true;
    if (isRunning(column.answer) && column === turn.columns[turn.current]) this.follower.grown();
    return false;
  }

  #runClock() {
    const runs = this.running().length > 0;
    if (runs && this.#timer === null) this.#timer = setInterval(() => this.#tick(), TICK_MS);
    if (!runs && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  #tick() {
    for (const turn of this.#turns.values()) {
      turn.columns.forEach((column, index) => {
        if (!isRunning(column.answer)) return;
        column.tick();
        turn.tickTab(index);
      });
    }
  }
}
