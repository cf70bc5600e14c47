// Brings what has changed onto the page at most 20 times a second, all columns together.
export class Flusher {
  #due = new Set();
  #timer = null;
  #last = -Infinity;

  /** `onFlushed()` is called when the page shows all there was. */
  constructor(everyMs = 50) {
    this.everyMs = everyMs;
    this.flushes = 0;
    this.onFlushed = () => {};
  }

  /**
   * Call `view.flush()` soon, at once when the last flush is long enough ago, and `view.follow()` after that
   * of all.
   */
  add(view) {
    this.#due.add(view);
    if (this.#timer !== null) return;
    // Browsers cut off fractions of a millisecond: rounded up, no flush comes early.
    const wait = Math.max(0, Math.ceil(this.#last + this.everyMs - performance.now()));
    this.#timer = setTimeout(() => this.#flush(), wait);
  }

  #flush() {
    this.#timer = null;
    this.#last = performance.now();
    this.flushes += 1;
    const due = [...this.#due];
    this.#due.clear();
    for (const view of due) view.flush();
    // All have their text before one is measured: the page is laid out once, not once for each column.
    for (const view of due) view.follow();
    this.onFlushed();
  }
}
