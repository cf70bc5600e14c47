// Which AIs the next message goes to: a chip each, and a popover with all there are.
import { el, icon, placePopover } from "../webox/dom.js";
import { fill, gettext } from "../webox/i18n.js";
import { load, save } from "../webox/storage.js";
import { markOf } from "./marks.js";

const STORED = "webox.selected";

const REASONS = {
  no_key: () => gettext("Key to add"),
  unreadable_key: () => gettext("Key must be entered again"),
  not_set_up: () => gettext("Not set up"),
  premium: () => gettext("With Premium"),
  provider_disabled: () => gettext("Switched off"),
};

/** Why an AI can’t be asked; one without need of a key lacks its address instead. */
function reasonOf({ reason, needs_key }) {
  const code = reason === "no_key" && !needs_key ? "not_set_up" : reason;
  return (REASONS[code] ?? (() => gettext("Not available yet")))();
}

export class Picker {
  /** Builds itself into `root`. `limit` is the most AIs a message may go to; `onChange` hears of each choice. */
  constructor(root, { ais, selected, limit, onChange }) {
    this.root = root;
    this.ais = ais;
    this.limit = limit;
    this.onChange = onChange;
    const ready = new Set(ais.filter((ai) => ai.ready).map((ai) => ai.target));
    const stored = load(STORED, []).filter((target) => ready.has(target));
    this.selected = (stored.length > 0 ? stored : selected.filter((target) => ready.has(target))).slice(0, limit);
    this.list = el("div", { class: "ai-list", id: "ai-list", popover: "auto", role: "group", "aria-label": gettext("AIs") });
    this.add = el("button", { type: "button", class: "chip chip-add", popovertarget: "ai-list", "aria-expanded": "false" }, icon("plus"), gettext("AI"));
    this.add.setAttribute("aria-label", gettext("Choose the AIs"));
    this.list.addEventListener("toggle", (event) => {
      const open = event.newState === "open";
      this.add.setAttribute("aria-expanded", String(open));
      if (open) placePopover(this.list, this.add);
    });
    root.closest("form").append(this.list);
    this.#show();
  }

  toggle(target) {
    if (this.selected.includes(target)) this.selected = this.selected.filter((other) => other !== target);
    else if (this.selected.length < this.limit) this.selected = [...this.selected, target];
    save(STORED, this.selected);
    this.#show();
    this.onChange();
  }

  #show() {
    const chosen = this.selected.map((target) => this.ais.find((ai) => ai.target === target));
    this.root.replaceChildren(...chosen.map((ai) => this.#chip(ai)), this.add);
    // Servers that were added stand after the demonstrations in the catalogue.
    const inOrder = this.ais.toSorted((a, b) => Number(a.demo) - Number(b.demo));
    this.list.replaceChildren(
      el("h3", { text: gettext("Ask these AIs") }),
      ...inOrder.filter((ai) => ai.ready).map((ai) => this.#option(ai)),
      ...this.#missing(),
    );
  }

  #chip(ai) {
    const label = fill(gettext("Remove %(name)s"), { name: `${ai.name} ${ai.model}` });
    return el(
      "button",
      { type: "button", class: "chip", title: label, "aria-label": label, data: { target: ai.target }, on: { click: () => this.#remove(ai.target) } },
      markOf(ai.provider, ai.mark),
      el("span", { text: ai.name }),
      el("span", { class: "chip-sub", text: ai.model }),
      icon("cross"),
    );
  }

  #remove(target) {
    this.toggle(target);
    this.add.focus();
  }

  #option(ai) {
    const box = el("input", { type: "checkbox", on: { change: () => this.#tick(ai.target) } });
    box.checked = this.selected.includes(ai.target);
    box.disabled = !box.checked && this.selected.length >= this.limit;
    const small = ai.demo ? `${ai.model} · ${gettext("Demonstration, not an AI")}` : ai.model;
    return el("label", { class: "ai-option", data: { target: ai.target } }, box, markOf(ai.provider, ai.mark), el("span", {}, el("b", { text: ai.name }), el("small", { text: small })));
  }

  #tick(target) {
    this.toggle(target);
    this.list.querySelector(`[data-target="${CSS.escape(target)}"] input`)?.focus();
  }

  /** What can’t be asked, by the reason why. */
  #missing() {
    const groups = Map.groupBy(this.ais.filter((ai) => !ai.ready), reasonOf);
    return [...groups].flatMap(([reason, ais]) => [el("h3", { text: reason }), el("ul", { class: "ai-missing" }, ...ais.map((ai) => this.#missingChip(ai)))]);
  }

  #missingChip(ai) {
    return el("li", {}, el("a", { class: "chip chip-missing", href: `/chat/ais#${ai.provider}` }, markOf(ai.provider, ai.mark), el("span", { text: ai.name })));
  }
}
