// @ts-check
// Which replies may still say how a conversation is: not one that was asked for before its last change ended.

export class Freshness {
  #moment = 0;
  /** @type {Map<number, { change: number, until: number }>} */
  #changes = new Map();

  /** This moment, for `isCurrent`: taken when something is asked for. */
  now() {
    return ++this.#moment;
  }

  /**
   * A change of these conversations begins; the caller gives what it gets back to `end`.
   * @param {number[]} ids
   */
  begin(ids) {
    const change = this.now();
    for (const id of ids) this.#changes.set(id, { change, until: Infinity });
    return change;
  }

  /**
   * A change has ended, well or not. Returns the ids that no other change began on since: only for them is its
   * reply true.
   * @param {number[]} ids
   * @param {number} change
   */
  end(ids, change) {
    const last = new Set(ids.filter((id) => this.#changes.get(id)?.change === change));
    for (const id of last) this.#changes.set(id, { change, until: this.now() });
    return last;
  }

  /**
   * Whether a reply to a request of that moment can know how this conversation is now.
   * @param {number} id
   * @param {number} asked
   */
  isCurrent(id, asked) {
    return (this.#changes.get(id)?.until ?? 0) < asked;
  }
}
