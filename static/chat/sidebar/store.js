// A person’s conversations, folders and tags as this page knows them. What is changed shows at once and goes
// back
// when the server refuses it.
import { api } from "../../webox/api.js";
import { Freshness } from "./freshness.js";
import { ALL, PAGE_LENGTH, keyOf, listed, queryOf, shows } from "./views.js";

const BASE = "/api/chat/conversations";
// So many at most go into one request.
const AT_ONCE = 200;
const time = (talk) => Date.parse(talk.updated_at);

export class Conversations {
  #freshness = new Freshness();

  /** `conversations`, `pinned`, `folders` and `current` as the server writes them into the page. */
  constructor({ conversations, pinned, folders, current }) {
    this.talks = new Map(
      [...pinned, ...conversations, ...(current ? [current] : [])].map((talk) => [talk.id, talk]),
    );
    this.currentId = current?.id ?? null;
    this.running = new Set();
    this.folders = folders;
    this.tags = [];
    this.pages = new Map();
    this.listeners = [];
    this.#takePage(ALL, conversations, this.#freshness.now());
  }

  subscribe(listener) {
    this.listeners.push(listener);
  }

  get(id) {
    return this.talks.get(id);
  }

  get current() {
    return this.talks.get(this.currentId);
  }

  all() {
    return [...this.talks.values()];
  }

  /** How far a view is read: `state` is new, loading, ready, failed or end. */
  page(view) {
    const key = keyOf(view);
    if (!this.pages.has(key)) this.pages.set(key, { state: "new", oldest: null, sentence: "" });
    return this.pages.get(key);
  }

  /**
   * A conversation that began or got a message: it moves to the top. One that is not known is the page’s own.
   */
  touch(id, title) {
    const known = this.talks.get(id);
    const now = new Date().toISOString();
    if (known) Object.assign(known, { title: title || known.title, updated_at: now });
    else this.#begin(id, title, now);
    this.#tell();
  }

  setRunning(id, isRunning) {
    if (this.running.has(id) === isRunning) return;
    if (isRunning) this.running.add(id);
    else this.running.delete(id);
    this.#tell();
  }

  /** Read the next page of a view; what goes wrong stands in the page’s `sentence`. */
  async loadMore(view) {
    const page = this.page(view);
    if (page.state === "loading" || page.state === "end") return;
    page.state = "loading";
    this.#tell();
    const asked = this.#freshness.now();
    try {
      this.#takePage(view, await api("GET", `${BASE}?${queryOf(view, this.#read(view, page))}`), asked);
    } catch (error) {
      Object.assign(page, { state: "failed", sentence: error.sentence });
    }
    this.#tell();
  }

  /** Bring in what changed elsewhere: the first page of a view, the pinned ones, folders and tags. */
  async refresh(view) {
    const asked = this.#freshness.now();
    try {
      const [rows, pinned] = await Promise.all([
        api("GET", `${BASE}?${queryOf(view, 0)}`),
        api("GET", `${BASE}?pinned=true`),
        this.refreshCounts(),
      ]);
      this.#forgetMissing(view, rows, pinned, asked);
      if (this.page(view).state === "new") this.#takePage(view, rows, asked);
      this.#take([...pinned, ...rows], asked);
    } catch {
      // Nobody asked for it: the list stays as it was, and the next look at the page tries again.
    }
    this.#tell();
  }

  async refreshCounts() {
    [this.folders, this.tags] = await Promise.all([
      api("GET", "/api/chat/folders"),
      api("GET", "/api/chat/tags"),
    ]);
    this.#tell();
  }

  /** Change one or several. Throws ApiError; then they are as they were. */
  async change(ids, changes) {
    const before = ids.map((id) => this.talks.get(id)).filter(Boolean);
    const change = this.#freshness.begin(ids);
    for (const talk of before) this.talks.set(talk.id, changed(talk, changes));
    this.#tell();
    let told = before;
    try {
      told = await send(ids, changes);
    } finally {
      const last = this.#freshness.end(ids, change);
      this.#keep(told.filter(({ id }) => last.has(id)));
    }
    if (!("title" in changes)) this.#countAgain();
  }

  /** Delete one or several. Throws ApiError. */
  async delete(ids) {
    for (const some of chunks(ids)) {
      const change = this.#freshness.begin(some);
      try {
        await api("POST", `${BASE}/delete`, { ids: some });
        for (const id of some) this.talks.delete(id);
      } finally {
        this.#freshness.end(some, change);
      }
    }
    this.#tell();
    this.#countAgain();
  }

  /** Have back what was deleted. Throws ApiError. */
  async undelete(ids) {
    for (const some of chunks(ids)) this.#keep(await api("POST", `${BASE}/undo`, { ids: some }));
    this.#countAgain();
  }

  /** Throws ApiError, like the two below. */
  async createFolder(name) {
    const made = await api("POST", "/api/chat/folders", { name });
    await this.refreshCounts();
    return made.name;
  }

  async renameFolder({ id, name: before }, name) {
    const renamed = await api("PATCH", `/api/chat/folders/${id}`, { name });
    this.#move(before, renamed.name);
    await this.refreshCounts();
  }

  async deleteFolder({ id, name }) {
    await api("DELETE", `/api/chat/folders/${id}`);
    this.#move(name, this.folders[0].name);
    await this.refreshCounts();
  }

  #begin(id, title, now) {
    const flags = { is_pinned: false, is_archived: false, is_favourite: false, tags: [] };
    this.talks.set(id, {
      id,
      title,
      folder: this.folders[0].name,
      ...flags,
      created_at: now,
      updated_at: now,
    });
    this.currentId = id;
    this.#countAgain();
  }

  #move(from, to) {
    for (const talk of this.all()) if (talk.folder === from) this.talks.set(talk.id, { ...talk, folder: to });
  }

  #keep(talks) {
    for (const talk of talks) this.talks.set(talk.id, talk);
    this.#tell();
  }

  #take(rows, asked) {
    for (const talk of rows) if (this.#freshness.isCurrent(talk.id, asked)) this.talks.set(talk.id, talk);
  }

  #takePage(view, rows, asked) {
    this.#take(rows, asked);
    const page = this.page(view);
    page.state = rows.length < PAGE_LENGTH ? "end" : "ready";
    if (rows.length > 0) page.oldest = time(rows.at(-1));
  }

  /** How many of a view were read: the newer ones, not those that are known for another reason. */
  #read(view, { oldest }) {
    if (oldest === null) return 0;
    return listed(view, this.all()).filter(
      (talk) => time(talk) >= oldest && !(view.kind === "all" && talk.is_pinned),
    ).length;
  }

  /** Forget what should be in a fresh first page and is not: it was deleted or moved elsewhere. */
  #forgetMissing(view, rows, pinned, asked) {
    const told = new Set([...rows, ...pinned].map((talk) => talk.id));
    const oldest = rows.length < PAGE_LENGTH ? -Infinity : time(rows.at(-1));
    for (const talk of this.all()) {
      const isGone =
        shows(view, talk) &&
        time(talk) >= oldest &&
        !told.has(talk.id) &&
        this.#freshness.isCurrent(talk.id, asked);
      if (isGone && talk.id !== this.currentId) this.talks.delete(talk.id);
    }
  }

  #countAgain() {
    this.refreshCounts().catch(() => {
      // The counts are a moment old until the next change.
    });
  }

  #tell() {
    for (const listener of this.listeners) listener();
  }
}

/** How they are after the change, as the server says. */
async function send(ids, changes) {
  if ("title" in changes) return [await api("PATCH", `${BASE}/${ids[0]}`, changes)];
  const told = [];
  for (const some of chunks(ids))
    told.push(...(await api("POST", `${BASE}/change`, { ids: some, ...changes })));
  return told;
}

const chunks = (ids) =>
  Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, index) =>
    ids.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
  );

function changed(talk, { add_tags: added = [], remove_tags: removed = [], ...changes }) {
  const tags = changes.tags ?? [...new Set([...talk.tags, ...added])].filter((tag) => !removed.includes(tag));
  return { ...talk, ...changes, tags };
}
