// Search and commands in one field: recent conversations and all commands at first, then what matches what is
// written.
import { KEYS } from "../../webox/storage.js";
import { api } from "../../webox/api.js";
import { el, icon, setText } from "../../webox/dom.js";
import { fill, gettext, ngettext, number } from "../../webox/i18n.js";
import { apple } from "./keys.js";
import { commands } from "./commands.js";
import { isSearched, matchingCommands, matchingTitles, parted, recent } from "./matches.js";
import { commandOption, group, hitOption, moreOption, talkOption } from "./rows.js";
import { keyLabel } from "./shortcuts.js";

const WAIT_MS = 150;
const WORDS_LENGTH = 200;
const HITS = 20;
// The thread marks them where the hit is opened.
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class Palette {
  /** `store` has the conversations that are known; `help` is the keyboard’s. */
  constructor({ store, sidebar, help }) {
    this.store = store;
    this.commands = () => commands({ sidebar, help });
    this.asked = 0;
    this.found = [];
    this.hasMore = false;
    this.#build();
  }

  toggle() {
    if (this.dialog.open) return this.dialog.close();
    this.field.value = "";
    this.#look();
    this.dialog.showModal();
    return undefined;
  }

  #build() {
    this.list = el("div", {
      class: "palette-list",
      id: "palette-list",
      role: "listbox",
      "aria-label": gettext("Found"),
    });
    this.field = el("input", {
      class: "palette-field",
      type: "text",
      role: "combobox",
      maxlength: String(WORDS_LENGTH),
      placeholder: gettext("Search, or choose a command"),
      "aria-label": gettext("Search conversations and commands"),
      "aria-expanded": "true",
      "aria-controls": "palette-list",
      "aria-autocomplete": "list",
      autocomplete: "off",
      spellcheck: "false",
      enterkeyhint: "go",
    });
    this.note = el("p", { class: "palette-note", role: "status" });
    const close = el(
      "button",
      { type: "button", class: "btn btn-quiet palette-close", on: { click: () => this.dialog.close() } },
      el("span", { class: "visually-hidden", text: gettext("Close") }),
      " ",
      el("kbd", { text: keyLabel("escape", apple) }),
      icon("cross"),
    );
    this.dialog = el(
      "dialog",
      { class: "dialog palette", "aria-label": gettext("Search and commands") },
      el("div", { class: "palette-head" }, icon("search"), this.field, close),
      this.list,
      el("div", { class: "palette-foot" }, this.note, hint()),
    );
    this.field.addEventListener("input", () => this.#look());
    this.field.addEventListener("keydown", (event) => this.#onKey(event));
    this.list.addEventListener("click", (event) => this.#onClick(event));
    // The field keeps the focus: the options are reached by its arrows.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.dialog.addEventListener("click", ({ target }) => target === this.dialog && this.dialog.close());
    document.body.append(this.dialog);
  }

  get words() {
    return this.field.value.trim();
  }

  /** Show what is known at once, and ask the server a moment after the last letter. */
  #look() {
    clearTimeout(this.timer);
    this.asked += 1;
    const { words } = this;
    // Hits of a moment ago stay until the new ones are there, so that the list does not flicker.
    if (!isSearched(words)) this.found = [];
    this.state = isSearched(words) ? "searching" : "ready";
    if (isSearched(words)) this.timer = setTimeout(() => this.#search(words, []), WAIT_MS);
    this.#show(true);
  }

  /** Ask for the hits that follow those of `before`. */
  async #search(words, before) {
    const { asked } = this;
    let found = [];
    let sentence = "";
    try {
      found = await api(
        "GET",
        `/api/chat/search?${new URLSearchParams({ words, limit: HITS, offset: before.length })}`,
      );
    } catch (error) {
      sentence = error.sentence;
    }
    // A later question was asked in the meantime.
    if (asked !== this.asked) return;
    Object.assign(this, {
      found: [...before, ...found],
      sentence,
      hasMore: found.length === HITS,
      state: sentence ? "failed" : "ready",
    });
    this.#show(false);
  }

  #more() {
    this.asked += 1;
    this.state = "searching";
    this.#search(this.words, this.found);
    this.#show(false);
  }

  #groups() {
    const { words } = this;
    if (words === "")
      return [
        [gettext("Recent"), recent(this.store.all()).map((talk) => talkOption(talk, ""))],
        [gettext("Commands"), this.commands().map(commandOption)],
      ];
    const known = matchingTitles(words, this.store.all());
    const { titles, texts } = parted(this.found, known);
    return [
      [gettext("Commands"), matchingCommands(words, this.commands()).map(commandOption)],
      [gettext("Conversations"), [...known, ...titles].map((talk) => talkOption(talk, words))],
      [
        gettext("In questions and answers"),
        [
          ...texts.map(hitOption),
          ...(this.hasMore && this.state === "ready" ? [moreOption(() => this.#more())] : []),
        ],
      ],
    ].toSorted(([, a], [, b]) => (a.length === 0) - (b.length === 0));
  }

  #show(isNew) {
    const before = isNew ? null : this.active?.dataset.key;
    const shown = this.#groups().filter(([, options]) => options.length > 0);
    this.list.replaceChildren(
      ...shown.map(([heading, options], index) => group(`palette-group-${index}`, heading, options)),
    );
    this.options = [...this.list.querySelectorAll('[role="option"]')];
    this.options.forEach((option, index) => (option.id = `palette-option-${index}`));
    this.field.setAttribute("aria-expanded", String(this.options.length > 0));
    this.#activate(this.options.find((option) => option.dataset.key === before) ?? this.options[0] ?? null);
    setText(this.note, this.#noteText());
    this.note.classList.toggle("palette-failed", this.state === "failed");
  }

  #noteText() {
    if (this.state === "searching") return gettext("Searching…");
    if (this.state === "failed") return this.sentence;
    if (this.options.length === 0)
      return fill(gettext("Nothing found for “%(words)s”. Try fewer or other words."), { words: this.words });
    return this.words === ""
      ? ""
      : fill(ngettext("%(count)s result", "%(count)s results", this.options.length), {
          count: number(this.options.length),
        });
  }

  #activate(option) {
    this.active?.removeAttribute("aria-selected");
    this.active = option;
    if (!option) return this.field.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    return this.field.setAttribute("aria-activedescendant", option.id);
  }

  #onKey(event) {
    if (event.isComposing) return;
    if (event.key in STEPS && this.options.length > 0) {
      event.preventDefault();
      const at = this.options.indexOf(this.active);
      this.#activate(this.options[(at + STEPS[event.key] + this.options.length) % this.options.length]);
    }
    if (event.key === "Enter") {
      event.preventDefault();
      if (this.active) this.#open(this.active, event.ctrlKey || event.metaKey);
    }
  }

  #onClick(event) {
    const option = event.target.closest('[role="option"]');
    if (!option) return;
    event.preventDefault();
    this.#open(option, event.ctrlKey || event.metaKey);
  }

  /** Do the command, or go there; in a new tab when asked. */
  #open(option, isNewTab) {
    if (option.act) {
      if (!option.staysOpen) this.dialog.close();
      option.act();
      return;
    }
    if (option.hasAttribute("data-hit")) rememberHit({ words: this.words });
    if (!isNewTab) {
      this.dialog.close();
      location.assign(option.href);
      return;
    }
    // The new tab gets a copy of what this one remembers, which this one then has no use for.
    open(option.href, "_blank");
    rememberHit(null);
  }
}

function hint() {
  const pairs = [
    ["↑↓", gettext("choose")],
    [keyLabel("enter", apple), gettext("open")],
    [keyLabel("mod+enter", apple), gettext("in a new tab")],
  ];
  return el(
    "span",
    { class: "palette-hint" },
    ...pairs.flatMap(([keys, text]) => [el("kbd", { text: keys }), text]),
  );
}

function rememberHit(hit) {
  try {
    if (hit === null) sessionStorage.removeItem(KEYS.hit);
    else sessionStorage.setItem(KEYS.hit, JSON.stringify(hit));
  } catch {
    // Storage may be forbidden: the hit is then opened without its words marked.
  }
}
