// The connection of one conversation: it comes back by itself, and asks again for what was lost.
const PROTOCOL = "webox.v1";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const RESUME_EVERY_MS = 250;
const RESUME_LOST_MS = 3_000;
const RESUME_IDS = 200;
// The server speaks of what runs once a second.
const QUIET_MS = 3_000;

/** What a close code means when it is not worth trying again at once. */
const ENDS = { 4401: "expired", 4403: "refused", 4404: "gone" };
const TOO_MANY = 4429;

/**
 * `onEvent(event)` gets every event; `onStatus(status)` one of connecting, open, waiting, expired, refused,
 * gone.
 * `timers` and `Socket` are given by tests.
 */
export class Connection {
  #socket = null;
  #tries = 0;
  #retryTimer = null;
  #wanted = [];
  #resumeTimer = null;
  #resumedAt = -Infinity;
  #resumeInFlight = false;
  #expected = [];
  #quietTimer = null;

  constructor({ url, onEvent, onStatus, timers = globalThis, Socket = globalThis.WebSocket }) {
    Object.assign(this, { url, onEvent, onStatus, timers, Socket });
    this.status = "closed";
  }

  connect() {
    this.timers.clearTimeout(this.#retryTimer);
    if (this.#socket || this.status in { expired: 0, refused: 0, gone: 0 }) return;
    this.#setStatus(this.#tries === 0 ? "connecting" : "waiting");
    const socket = new this.Socket(this.url, [PROTOCOL]);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => this.#closed(code);
  }

  /** Try at once: the network or the window came back. */
  hurry() {
    if (this.#socket) return;
    this.#tries = 0;
    this.connect();
  }

  /** True when the command went out; false while there is no connection. */
  send(command) {
    if (this.status !== "open") return false;
    this.#socket.send(JSON.stringify(command));
    return true;
  }

  /**
   * Say which answers lack something now, all of them: one request in flight, and not more often than every
   * 250 ms.
   */
  resume(ids) {
    this.#wanted = ids;
    if (ids.length === 0 || this.#resumeTimer !== null || this.status !== "open") return;
    const gap = this.#resumeInFlight ? RESUME_LOST_MS : RESUME_EVERY_MS;
    const wait = Math.max(0, this.#resumedAt + gap - this.timers.performance.now());
    this.#resumeTimer = this.timers.setTimeout(() => this.#sendResume(), wait);
  }

  /** Say which answers are still being written: after a silence it is asked whether they are. */
  expect(ids) {
    this.#expected = ids;
    if (ids.length === 0) this.#stopListening();
    else if (this.#quietTimer === null) this.#listen();
  }

  #listen() {
    this.#stopListening();
    if (this.#expected.length > 0) this.#quietTimer = this.timers.setTimeout(() => this.#quiet(), QUIET_MS);
  }

  #stopListening() {
    this.timers.clearTimeout(this.#quietTimer);
    this.#quietTimer = null;
  }

  #quiet() {
    this.#quietTimer = null;
    this.resume([...new Set([...this.#wanted, ...this.#expected])]);
    this.#listen();
  }

  #sendResume() {
    this.#resumeTimer = null;
    const ids = this.#wanted.slice(0, RESUME_IDS);
    if (ids.length === 0 || !this.send({ type: "resume", answer_ids: ids })) return;
    this.#resumeInFlight = true;
    this.#resumedAt = this.timers.performance.now();
  }

  #receive(event) {
    // The first frame is the snapshot of joining: before it the connection has not proved anything.
    if (this.status !== "open") {
      this.#tries = 0;
      this.#setStatus("open");
    }
    if (event.type === "snapshot") this.#resumeAnswered();
    this.onEvent(event);
    this.#listen();
  }

  #resumeAnswered() {
    if (!this.#resumeInFlight) return;
    this.#resumeInFlight = false;
    this.timers.clearTimeout(this.#resumeTimer);
    this.#resumeTimer = null;
  }

  #closed(code) {
    this.#socket = null;
    this.#stopListening();
    this.#resumeInFlight = false;
    this.timers.clearTimeout(this.#resumeTimer);
    this.#resumeTimer = null;
    this.#wanted = [];
    if (code in ENDS) {
      this.#setStatus(ENDS[code]);
      return;
    }
    const longest =
      code === TOO_MANY ? LONGEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries);
    this.#tries += 1;
    this.#setStatus("waiting");
    const wait = longest * (0.75 + Math.random() / 2);
    this.#retryTimer = this.timers.setTimeout(() => this.connect(), wait);
  }

  #setStatus(status) {
    if (status === this.status) return;
    this.status = status;
    this.onStatus(status);
  }
}

/** The address of a conversation’s socket, seen from this page. */
export const socketUrl = (conversationId) => {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/api/chat/ws/${conversationId}`;
};
