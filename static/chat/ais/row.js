// One AI of the list: a line that says how it stands, and behind it everything there is to set.
import { api } from "../../webox/api.js";
import { el, icon, setText } from "../../webox/dom.js";
import { gettext } from "../../webox/i18n.js";
import { KeyPart } from "./key.js";
import { ModelsPart } from "./models.js";
import { PreferencePart } from "./preference.js";
import { ServerPart } from "./server.js";
import { isDemo, keyName, stateOf, testedWords } from "./words.js";
import { markOf } from "../column/marks.js";

export class ProviderRow {
  #parts = null;

  /** `page`: isOwner, vendors (slugs), adminUrl, say(text), onChange(), onRemoved(row). */
  constructor(record, page) {
    Object.assign(this, { record, page, say: page.say });
    this.address = `/api/chat/providers/${record.slug}`;
    this.name = el("b", {});
    this.model = el("small", {});
    this.state = el("span", { class: "provider-state" });
    this.facts = el("span", { class: "provider-facts num" });
    this.summary = el(
      "summary",
      { class: "provider-line" },
      markOf(record.slug, record.mark),
      el("span", { class: "provider-name" }, this.name, this.model),
      this.state,
      this.facts,
      icon("right"),
    );
    this.body = el("div", { class: "provider-body" });
    this.details = el("details", { name: "provider", data: { slug: record.slug } }, this.summary, this.body);
    this.element = el("li", { class: "provider" }, this.details);
    this.details.addEventListener("toggle", () => this.details.open && this.#opened());
    this.#showLine();
  }

  /** Show it, open, and put the keyboard there. */
  open() {
    this.details.open = true;
    this.#build();
    this.summary.scrollIntoView({ block: "start" });
    this.summary.focus({ preventScroll: true });
  }

  /** A record as the server has it now. */
  take(record) {
    this.record = record;
    this.#showLine();
    for (const part of this.#parts ?? []) part.update(record);
    this.page.onChange();
    return record;
  }

  async refresh() {
    return this.take(await api("GET", this.address));
  }

  remove() {
    this.page.onRemoved(this);
  }

  #showLine() {
    const { record } = this;
    const { icon: shape, kind, text } = stateOf(record);
    // No vendor, so its name is a word of the page.
    setText(this.name, isDemo(record) ? gettext("Demo") : record.label);
    setText(this.model, isDemo(record) ? gettext("Demonstration, not an AI") : record.default_model);
    this.state.dataset.kind = kind;
    this.state.replaceChildren(icon(shape), el("span", { text }));
    const { key } = record;
    this.facts.replaceChildren(
      ...(key ? [el("span", { text: keyName(key) }), el("span", { text: testedWords(key) })] : []),
    );
  }

  #opened() {
    this.#build();
    history.replaceState(null, "", `#${this.record.slug}`);
    // Opening this one closed another above it: what was clicked must not run away.
    this.summary.scrollIntoView({ block: "nearest" });
  }

  /** Built when it is first opened: a page of fifteen closed rows needs no fifteen forms. */
  #build() {
    if (this.#parts) return;
    this.#parts = isDemo(this.record) ? [] : this.#buildParts();
    this.body.append(...this.#texts(), ...this.#parts.map((part) => part.element));
  }

  #texts() {
    const { record, page } = this;
    if (isDemo(record))
      return [
        el("p", {
          class: "part-text",
          text: gettext(
            "The demonstrations answer right away, without a key and free of charge. They are not AIs: they show how WeBox works.",
          ),
        }),
      ];
    if (record.enabled !== false) return [];
    const link = el("a", { href: page.adminUrl, text: gettext("Open the administration") });
    return [
      el(
        "p",
        { class: "part-text" },
        gettext(
          "You have switched this AI off for everybody. It is switched on again in the administration.",
        ),
        " ",
        link,
      ),
    ];
  }

  #buildParts() {
    const { record, page } = this;
    const isEverybodys = !record.is_own;
    const parts = [
      new KeyPart(this),
      new PreferencePart(this),
      new ModelsPart(this, { maySync: record.is_own || page.isOwner }),
    ];
    if (page.isOwner && isEverybodys) parts.push(new KeyPart(this, { isServers: true }));
    if (record.base_url !== undefined)
      parts.push(new ServerPart(this, { isVendors: isEverybodys && page.vendors.includes(record.slug) }));
    return parts;
  }
}
