// Which AIs the next message goes to: a chip each, in the order of the columns, and a popover with all there
// are.
import { el, icon, placePopover } from "../../webox/dom.js";
import { fill, gettext, number } from "../../webox/i18n.js";
import { AiSettings } from "./ai_settings.js";
import { aiOf, modelOf, toTarget } from "./targets.js";
import { markOf } from "../column/marks.js";
import { settingsOf } from "../column/names.js";
import { reasonOf } from "./obstacles.js";

// From so many AIs on the list has a field to find one.
const MANY = 10;
const DRAGGED = "application/x-webox-chip";

export class Picker {
  /**
   * Builds itself into `root`. `limit` is the most AIs a message may go to; `onChange()` hears of each
   * choice.
   */
  constructor(root, { ais, entries, limit, onChange }) {
    Object.assign(this, { root, ais, limit, onChange });
    this.entries = this.#known(entries);
    this.find = el("input", {
      class: "input",
      type: "search",
      "aria-label": gettext("Find an AI"),
      placeholder: gettext("Find an AI"),
      autocomplete: "off",
      on: { input: () => this.#showList() },
    });
    this.options = el("div");
    this.head = el("div");
    this.list = el(
      "div",
      { class: "ai-list", id: "ai-list", popover: "auto", role: "group", "aria-label": gettext("AIs") },
      this.head,
      ais.length > MANY ? this.find : null,
      this.options,
    );
    this.add = el(
      "button",
      { type: "button", class: "chip chip-add", popovertarget: "ai-list", "aria-expanded": "false" },
      icon("plus"),
      gettext("AI"),
    );
    this.add.setAttribute("aria-label", gettext("Choose the AIs"));
    this.list.addEventListener("toggle", (event) => this.#toggled(event.newState === "open"));
    root.closest("form").append(this.list);
    this.settings = new AiSettings(root.closest("form"), {
      change: (entry, changed) => this.replace(entry, [changed]),
      duplicate: (entry) => this.replace(entry, [entry, { ...entry, settings: { ...entry.settings } }]),
      remove: (entry) => this.replace(entry, []),
      move: (entry, by) => this.move(entry, by),
      canMove: (entry, by) => this.entries[this.entries.indexOf(entry) + by] !== undefined,
      canDuplicate: () => this.entries.length < this.limit,
      focusChip: (entry) => this.focusChip(entry),
    });
    this.#listenToDrops();
    this.#show();
  }

  /** What the next question is sent to: the ready ones. */
  get targets() {
    return this.ready.map(toTarget);
  }

  /** The entries that can be asked. */
  get ready() {
    return this.entries.filter((entry) => aiOf(entry, this.ais).ready);
  }

  /** Take other AIs, in this order. Those that are not offered any more are left out. */
  set(entries) {
    this.entries = this.#known(entries);
    this.#show();
    this.onChange();
  }

  #known(entries) {
    return entries.filter((entry) => aiOf(entry, this.ais)).slice(0, this.limit);
  }

  /** Put others in the place of one. */
  replace(entry, others) {
    const at = this.entries.indexOf(entry);
    this.set(this.entries.toSpliced(at, 1, ...others));
  }

  move(entry, by) {
    const at = this.entries.indexOf(entry);
    this.set(this.entries.toSpliced(at, 1).toSpliced(at + by, 0, entry));
  }

  #toggled(isOpen) {
    this.add.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    this.find.value = "";
    this.#showList();
    placePopover(this.list, this.add);
  }

  #show() {
    this.root.replaceChildren(...this.entries.map((entry) => this.#chip(entry)), this.add);
    this.#showList();
  }

  #chip(entry) {
    const ai = aiOf(entry, this.ais);
    const model = modelOf(entry, ai);
    const { temperature } = entry.settings;
    const sub = [
      ai.ready ? model : reasonOf(ai),
      ...(temperature === undefined ? [] : [number(temperature, 1)]),
    ].join(" · ");
    const label = fill(gettext("Settings of %(name)s"), { name: `${ai.name} ${sub}` });
    const chip = el(
      "button",
      {
        type: "button",
        class: ai.ready ? "chip" : "chip chip-missing",
        title: settingsOf(entry) || label,
        "aria-label": label,
        "aria-haspopup": "dialog",
        draggable: "true",
        data: { target: entry.target },
        on: { click: () => this.settings.open(entry, ai, chip) },
      },
      markOf(ai.provider, ai.mark),
      el("span", { text: ai.name }),
      " ",
      el("span", { class: "chip-sub", text: sub }),
    );
    chip.addEventListener("dragstart", ({ dataTransfer }) =>
      dataTransfer.setData(DRAGGED, String(this.entries.indexOf(entry))),
    );
    return chip;
  }

  /** Put the keyboard on the chip of an entry; where that is gone, on the button behind all chips. */
  focusChip(entry) {
    const at = this.entries.indexOf(entry);
    (at < 0 ? this.add : this.root.children[at]).focus();
  }

  #showList() {
    // Servers that were added stand after the demonstrations in the catalogue.
    const inOrder = this.ais.toSorted((a, b) => Number(a.demo) - Number(b.demo));
    const wanted = this.find.value.trim().toLowerCase();
    const found = inOrder.filter((ai) => `${ai.name} ${ai.model}`.toLowerCase().includes(wanted));
    this.options.replaceChildren(
      el("h3", { text: gettext("Ask these AIs") }),
      ...found.filter((ai) => ai.ready).map((ai) => this.#option(ai)),
      ...(found.length === 0 ? [el("p", { class: "ai-none", text: gettext("No AI of this name.") })] : []),
      ...this.#missing(found),
    );
  }

  #option(ai) {
    const own = this.entries.filter((entry) => aiOf(entry, this.ais) === ai);
    const box = el("input", { type: "checkbox", on: { change: () => this.#tick(ai, own) } });
    box.checked = own.length > 0;
    box.disabled = !box.checked && this.entries.length >= this.limit;
    const small = ai.demo ? `${ai.model} · ${gettext("Demonstration, not an AI")}` : ai.model;
    return el(
      "label",
      { class: "ai-option", data: { target: ai.target } },
      box,
      markOf(ai.provider, ai.mark),
      el("span", {}, el("b", { text: ai.name }), el("small", { text: small })),
    );
  }

  #tick(ai, own) {
    if (own.length > 0) this.set(this.entries.filter((entry) => !own.includes(entry)));
    else this.set([...this.entries, { target: ai.target, settings: {} }]);
    this.options.querySelector(`[data-target="${CSS.escape(ai.target)}"] input`)?.focus();
  }

  /** What can’t be asked, by the reason why. */
  #missing(found) {
    const groups = Map.groupBy(
      found.filter((ai) => !ai.ready),
      reasonOf,
    );
    return [...groups].flatMap(([reason, ais]) => [
      el("h3", { text: reason }),
      el("ul", { class: "ai-missing" }, ...ais.map((ai) => this.#missingChip(ai))),
    ]);
  }

  #missingChip(ai) {
    return el(
      "li",
      {},
      el(
        "a",
        { class: "chip chip-missing", href: `/chat/ais#${ai.provider}` },
        markOf(ai.provider, ai.mark),
        el("span", { text: ai.name }),
      ),
    );
  }

  #listenToDrops() {
    const isOurs = (event) => event.dataTransfer.types.includes(DRAGGED);
    this.root.addEventListener("dragover", (event) => isOurs(event) && event.preventDefault());
    this.root.addEventListener("drop", (event) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      const entry = this.entries[Number(event.dataTransfer.getData(DRAGGED))];
      const chips = [...this.root.querySelectorAll("[data-target]")];
      const at = chips.findIndex(
        (chip) =>
          event.clientX < chip.getBoundingClientRect().right &&
          event.clientY < chip.getBoundingClientRect().bottom,
      );
      const to = at < 0 ? chips.length - 1 : at;
      if (entry) this.move(entry, to - this.entries.indexOf(entry));
    });
  }
}
