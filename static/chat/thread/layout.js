// How the columns of one conversation stand: their order, widths, which are folded, and how each turn is
// looked at.
// Columns go by the name under which their AI was asked, so that all turns line up. No DOM here.
import { KEYS, load, save } from "../../webox/storage.js";

// So many conversations are remembered: those with the highest ids, which an object keeps in order.
const REMEMBERED = 100;

const VIEWS = ["columns", "tabs", "focus"];

export class Layout {
  /** Of the conversation with this id, or of one that has not begun (null). */
  constructor(conversationId) {
    this.conversationId = conversationId;
    const { order = [], widths = {}, folded = [], views = {} } = load(KEYS.layout, {})[conversationId] ?? {};
    Object.assign(this, { order, widths, views, folded: new Set(folded) });
  }

  /** The conversation has begun. */
  moveTo(conversationId) {
    this.conversationId = conversationId;
    this.#save();
  }

  /**
   * These names in the person’s order; those that were never moved stay behind the one they were asked after.
   */
  arrange(names) {
    const moved = names.filter((name) => this.order.includes(name));
    moved.sort((a, b) => this.order.indexOf(a) - this.order.indexOf(b));
    const places = names.map((name) => this.order.includes(name));
    return names.map((name, index) => (places[index] ? moved.shift() : name));
  }

  /** Move one by `steps` places among these names, which stand as `arrange` has them. */
  move(names, name, steps) {
    const from = names.indexOf(name);
    const to = Math.max(0, Math.min(names.length - 1, from + steps));
    this.order = names.toSpliced(from, 1).toSpliced(to, 0, name);
    this.#save();
  }

  isFolded(name) {
    return this.folded.has(name);
  }

  fold(name, isFolded) {
    if (isFolded) this.folded.add(name);
    else this.folded.delete(name);
    this.#save();
  }

  /** The share of a row that a column takes, or null where it takes what the others leave. */
  width(name) {
    return this.widths[name] ?? null;
  }

  /** `shares`: of the row by name; null for all as wide as each other. */
  setWidths(shares) {
    this.widths = shares === null ? {} : { ...this.widths, ...shares };
    this.#save();
  }

  /** How a turn is looked at; the last choice holds for those where none was made. */
  view(messageId) {
    const view = this.views[messageId] ?? load(KEYS.turnView, "columns");
    return VIEWS.includes(view) ? view : "columns";
  }

  setView(messageId, view) {
    this.views[messageId] = view;
    save(KEYS.turnView, view);
    this.#save();
  }

  #save() {
    if (this.conversationId === null) return;
    const { [this.conversationId]: _, ...others } = load(KEYS.layout, {});
    const kept = Object.entries(others).slice(1 - REMEMBERED);
    const own = { order: this.order, widths: this.widths, folded: [...this.folded], views: this.views };
    save(KEYS.layout, Object.fromEntries([...kept, [this.conversationId, own]]));
  }
}
