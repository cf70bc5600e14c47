// The part of the address after #: which message or answer of the conversation somebody was sent to.
import { KEYS } from "../../webox/storage.js";
import { ApiError, api } from "../../webox/api.js";
import { gettext } from "../../webox/i18n.js";
import { markWords, unmarkWords } from "../text/hits.js";

export class Arrival {
  #wanted = null;

  /** `say(text)`, and `showBranch(message id)` for what stands in another branch. */
  constructor(thread, { say, showBranch }) {
    Object.assign(this, { thread, say, showBranch });
    addEventListener("hashchange", () => this.go());
  }

  /** Go where the address says; what is not on the page is looked for in the other branches. */
  go() {
    const [, kind, id] = /^#(message|answer)-(\d+)$/.exec(location.hash) ?? [];
    unmarkWords();
    this.#wanted = kind ? { kind, id: Number(id) } : null;
    if (this.#wanted && !this.arrive()) this.#look();
  }

  /** Whether what is wanted is on the page; then it is in sight now. */
  arrive() {
    if (!this.#wanted) return true;
    const { kind, id } = this.#wanted;
    const turn = kind === "message" ? this.thread.turnOf(id) : this.thread.turnOfAnswer(id);
    if (!turn) return false;
    this.#wanted = null;
    this.thread.reveal(turn, kind === "answer" ? id : null);
    const words = takeWords();
    // The text is on the page with the next flush.
    if (words) setTimeout(() => markWords(turn.element, words), 200);
    return true;
  }

  async #look() {
    const { kind, id } = this.#wanted;
    try {
      const messageId = kind === "message" ? id : (await api("GET", `/api/chat/answers/${id}`)).message_id;
      await this.showBranch(messageId);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#wanted = null;
      this.say(gettext("What was found is no longer in this conversation."));
    }
  }
}

/** What was searched, once. */
function takeWords() {
  try {
    const { words = "" } = JSON.parse(sessionStorage.getItem(KEYS.hit)) ?? {};
    sessionStorage.removeItem(KEYS.hit);
    return words;
  } catch {
    return "";
  }
}
