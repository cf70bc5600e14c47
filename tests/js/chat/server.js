// A model of the server for the tests of the reducer: one turn in memory, and rows that lag behind it.
const PIECES = [
  "Hello ",
  "é",
  "👍",
  "👍🏽 ",
  "\n\n",
  "```js\n",
  "👩‍👩‍👧",
  "… ",
  "a longer piece of text ",
  "𝒳",
];

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function randomFrom(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const count = (text) => [...text].length;

export class Server {
  constructor(random) {
    this.random = random;
    this.answers = new Map();
  }

  ids() {
    return [...this.answers.keys()];
  }

  running() {
    return [...this.answers.values()].some((answer) => ["queued", "streaming"].includes(answer.status));
  }

  start(columns) {
    for (let position = 0; position < columns; position += 1) this.add(10 + position, position, 1);
    return {
      type: "turn",
      state: "started",
      message_id: 2,
      title: "Hello",
      messages: this.fresh(),
      answers: this.records(),
    };
  }

  add(id, position, version) {
    this.answers.set(id, {
      id,
      position,
      version,
      message_id: 2,
      status: "queued",
      text: "",
      reasoning: "",
      saved: ["", ""],
    });
  }

  retry(id) {
    const { position, version } = this.answers.get(id);
    this.add(50 + id, position, version + 1);
    return {
      type: "accepted",
      client_id: null,
      title: "Hello",
      messages: [],
      answers: this.records([50 + id]),
    };
  }

  /** The frames of one tick: new text of all answers in one frame, then changes of state. */
  tick() {
    const frame = { type: "deltas", deltas: [], reasoning: [] };
    const changes = [];
    for (const answer of this.answers.values()) {
      if (!["queued", "streaming"].includes(answer.status)) continue;
      if (answer.status === "queued") {
        answer.status = "streaming";
        changes.push(this.change(answer));
        continue;
      }
      const field = answer.text === "" && this.random() < 0.5 ? "reasoning" : "text";
      const piece = PIECES[Math.floor(this.random() * PIECES.length)];
      frame[field === "text" ? "deltas" : "reasoning"].push([answer.id, count(answer[field]), piece]);
      answer[field] += piece;
      if (this.random() < 0.2) answer.saved = [answer.text, answer.reasoning];
      if (this.random() < 0.06) {
        answer.status = ["done", "failed", "stopped", "interrupted"][Math.floor(this.random() * 4)];
        answer.saved = [answer.text, answer.reasoning];
        changes.push(this.change(answer));
      }
    }
    const lengths = [...this.answers.values()].map((answer) => [
      answer.id,
      count(answer.text),
      count(answer.reasoning),
    ]);
    return [frame, ...(this.random() < 0.2 ? [{ type: "lengths", lengths }] : []), ...changes];
  }

  change({ id, status, text, reasoning }) {
    return {
      type: "answer",
      id,
      status,
      text_length: count(text),
      reasoning_length: count(reasoning),
      error: null,
    };
  }

  records(ids = this.ids(), fromRows = false) {
    return ids.map((id) => {
      const { saved, ...answer } = this.answers.get(id);
      return fromRows ? { ...answer, text: saved[0], reasoning: saved[1] } : answer;
    });
  }

  message() {
    return { id: 2, parent_id: 1, role: "assistant", content: "", created_at: "2026-01-01T00:00:00Z" };
  }

  snapshot({ ids = this.ids(), fromRows = false } = {}) {
    const streaming = ids.filter((id) => this.answers.get(id).status === "streaming");
    const messages = [{ ...this.message(), answers: this.records(ids, fromRows) }];
    return { type: "snapshot", messages, from_rows: fromRows ? streaming : [] };
  }

  fresh() {
    const question = {
      id: 1,
      parent_id: null,
      role: "user",
      content: "Hello",
      created_at: "2026-01-01T00:00:00Z",
      answers: [],
    };
    return [question, { ...this.message(), answers: this.records() }];
  }
}
