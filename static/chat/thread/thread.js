// The thread: every turn in order, the last one alive. A turn is built when it comes near the window: what is
// on the page
// costs something in every frame, seen or not.
import { el } from "../../webox/dom.js";
import { openColumnMenu } from "../column/menu.js";
import { Follower } from "../column/follow.js";
import { isRunning } from "../live/reducer.js";
import { TurnView } from "./turn.js";

const TICK_MS = 200;
// Of a conversation that is opened, all turns but so many of the last stand in one box: far from the window
// the browser
// then looks at one thing in every frame, not at each of them.
const APART = 4;
// Browsers that don’t say what is near get all of it built.
const KNOWS_NEARNESS = "ContentVisibilityAutoStateChangeEvent" in globalThis;
const phone = matchMedia("(max-width: 767.98px)");

export class ThreadView {
  #turns = new Map();
  #timer = null;
  #anchored = false;
  #unbuilt = new Set();
  #earlier = el("div", { class: "earlier" });

  /**
   * `frame` is the positioned element round the scroller `root`; `hooks` as for TurnView, without follow,
   * menu, arrange and swipe.
   */
  constructor(root, frame, layout, hooks) {
    Object.assign(this, { root, layout });
    this.follower = new Follower(root, frame);
    this.hooks = {
      ...hooks,
      follow: (turn, column) => this.#follow(turn, column),
      menu: (turn, column, opener) => openColumnMenu(opener, turn, column, hooks),
      arrange: () => this.#each((turn) => turn.arrange()),
      swipe: (name) => this.#swipe(name),
    };
    hooks.flusher.onFlushed = () => this.#settle();
    // The browser watches which turns are near anyway: observers of our own would cost something in every
    // frame.
    root.addEventListener("contentvisibilityautostatechange", (event) => this.#near(event), true);
    addEventListener("beforeprint", () => this.#each((turn) => this.#build(turn)));
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
    this.#each((turn) => (!KNOWS_NEARNESS || turn.running().length > 0) && this.#build(turn));
    this.#runClock();
  }

  /** Bring texts that grew onto the page: nothing else of `state` has changed. */
  grow(state, before, { deltas, reasoning }) {
    for (const id of new Set([...deltas, ...reasoning].map(([id]) => id))) {
      const answer = state.answers[id];
      if (before.answers[id] !== answer) this.#turns.get(answer.message_id)?.grow(answer);
    }
  }

  #each(act) {
    for (const turn of this.#turns.values()) act(turn);
  }

  #addTurns(state, touched) {
    const byId = new Map(state.messages.map((message) => [message.id, message]));
    // Another branch is shown in the place of these.
    const gone = [...this.#turns.values()].filter((turn) => !byId.has(turn.id));
    const held = gone.map(({ question }) => question.held).find(Boolean);
    for (const turn of gone) this.#remove(turn.id);
    const ids = state.messages.filter(({ role }) => role === "assistant").map(({ id }) => id);
    const early = new Set(this.#turns.size === 0 ? ids.slice(0, -APART) : []);
    let question = { content: "" };
    let added = false;
    for (const message of state.messages) {
      if (message.role === "user") question = message;
      if (message.role !== "assistant") continue;
      const asked = byId.get(message.parent_id) ?? question;
      const known = this.#turns.get(message.id);
      if (known) {
        known.question.update(asked);
        continue;
      }
      this.#insert(new TurnView(message, asked, this.layout, this.hooks), early.has(message.id));
      touched.add(message.id);
      added = true;
    }
    // Where a branch ends early: what is measured stands by itself.
    if (this.last?.element.parentNode === this.#earlier) this.root.append(this.last.element);
    this.#each((turn) => turn.setLive(turn === this.last));
    if (held)
      [...this.#turns.values()]
        .find(({ question }) => question.isWordingOf(held.id))
        ?.question.hold(held.control);
    return added;
  }

  #insert(turn, isEarly) {
    const next = [...this.#turns.values()].find((other) => other.id > turn.id)?.element;
    const place = isEarly ? this.#earlier : (next?.parentNode ?? this.root);
    place.insertBefore(turn.element, next?.parentNode === place ? next : null);
    if (isEarly) {
      this.#earlier.style.setProperty("--turns", this.#earlier.childElementCount);
      if (!this.#earlier.parentNode) this.root.prepend(this.#earlier);
    }
    this.#turns = new Map([...this.#turns, [turn.id, turn]].sort(([a], [b]) => a - b));
    this.#unbuilt.add(turn);
  }

  #remove(id) {
    const turn = this.#turns.get(id);
    this.#turns.delete(id);
    this.#unbuilt.delete(turn);
    turn.element.remove();
  }

  get last() {
    return [...this.#turns.values()].at(-1);
  }

  /** Ids of the answers that are still being written, in any turn. */
  running() {
    return [...this.#turns.values()].flatMap((turn) => turn.running());
  }

  // --- Building ---

  #build(turn) {
    if (!this.#unbuilt.delete(turn)) return;
    const { scrollTop } = this.root;
    const isAbove = turn.element.getBoundingClientRect().bottom <= this.root.getBoundingClientRect().top;
    const before = turn.element.offsetHeight;
    turn.build();
    // What is read stays in its place: some browsers have moved it already as the height is asked, others
    // never do.
    if (isAbove) this.root.scrollTop = scrollTop + turn.element.offsetHeight - before;
  }

  #near({ target, skipped }) {
    const turn = !skipped && this.#turns.get(Number(target.dataset.message));
    if (turn?.element === target) this.#build(turn);
  }

  // --- Going somewhere ---

  /** Put the keyboard into the column at this place of the last turn. */
  focusColumn(place) {
    return this.last?.focusColumn(place) ?? false;
  }

  /** The turn and the column that the keyboard is in. */
  focused() {
    const column = document.activeElement?.closest(".column");
    const turn = this.#turns.get(Number(column?.closest(".turn")?.dataset.message));
    const found = turn?.columns.find((one) => one.element === column);
    return found ? { turn, column: found } : null;
  }

  /** The turn of this message, its question’s or its answers’; undefined where it is not on the page. */
  turnOf(messageId) {
    return (
      this.#turns.get(messageId) ??
      [...this.#turns.values()].find((turn) => turn.question.question.id === messageId)
    );
  }

  turnOfAnswer(answerId) {
    return [...this.#turns.values()].find((turn) =>
      turn.versions.flat().some((answer) => answer.id === answerId),
    );
  }

  /** Open a turn and bring it into sight; with an answer, that one’s column and version. */
  reveal(turn, answerId = null) {
    this.#build(turn);
    if (!turn.live) turn.fold(false);
    this.#anchored = false;
    turn.element.scrollIntoView({ block: "start" });
    const answer = turn.versions.flat().find((one) => one.id === answerId);
    if (!answer) return;
    turn.showVersion(answer);
    const column = turn.columns.find((one) => one.answer.id === answerId);
    turn.choose(turn.columns.indexOf(column));
    column.focus();
  }

  #swipe(name) {
    this.#each((turn) => {
      const index = turn.answers.findIndex((answer) => answer.name === name);
      if (turn.isBuilt && index >= 0) turn.choose(index);
    });
  }

  #showLast() {
    this.#build(this.last);
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

  /**
   * On a phone the whole thread scrolls; elsewhere the columns of the last turn do. True means: follow by
   * yourself.
   */
  #follow(turn, column) {
    if (turn !== this.last) return false;
    if (!phone.matches) return true;
    if (isRunning(column.answer) && column === turn.columns[turn.current]) this.follower.grown();
    return false;
  }

  #runClock() {
    const runs = this.running().length > 0;
    if (runs && this.#timer === null)
      this.#timer = setInterval(() => this.#each((turn) => turn.tick()), TICK_MS);
    if (!runs && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }
}
