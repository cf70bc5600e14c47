// Line-ups: AIs that are asked together, kept under a name; applied, saved, shared by link, changed and
// removed here.
import { ApiError, api } from "../../webox/api.js";
import { copyText } from "../../webox/clipboard.js";
import { confirm } from "../../webox/confirm.js";
import { el, icon, placePopover, setText } from "../../webox/dom.js";
import { fill, gettext } from "../../webox/i18n.js";
import { aiOf, fromTarget, sameEntries, toTarget } from "./targets.js";

const ADDRESS = "/api/chat/line-ups";

export class LineUps {
  #current = null;

  /**
   * Builds its chip into `root`, and a way in into `pickerHead` for phones. `lineUps` as the API lists them,
   * `defaultId`
   * the one for new conversations or null. `costOf(entries)` is a phrase, `say(text)` for screen readers.
   */
  constructor(root, { lineUps, defaultId, picker, costOf, say }) {
    Object.assign(this, { picker, costOf, say, defaultId });
    this.lineUps = lineUps.map(({ id, name, targets }) => ({ id, name, entries: targets.map(fromTarget) }));
    this.label = el("span", { class: "row-label" });
    this.chip = el(
      "button",
      {
        type: "button",
        class: "chip chip-plain",
        "aria-haspopup": "dialog",
        "aria-expanded": "false",
        on: { click: () => this.open(this.chip) },
      },
      this.label,
      icon("more"),
    );
    this.element = el("div", {
      class: "ai-list line-ups",
      popover: "auto",
      role: "dialog",
      "aria-label": gettext("Line-ups"),
    });
    this.element.addEventListener("toggle", (event) => {
      const isOpen = event.newState === "open";
      this.chip.setAttribute("aria-expanded", String(isOpen));
      if (!isOpen && this.element.contains(document.activeElement)) this.chip.focus();
    });
    this.element.addEventListener(
      "keydown",
      (event) => event.key === "Enter" && event.target.matches("input[type=text]") && this.#enter(event),
    );
    const form = root.closest("form");
    root.append(this.chip);
    form.append(this.element);
    picker.head.append(
      el(
        "button",
        { type: "button", class: "row phone-row", on: { click: () => this.open(picker.add) } },
        el("span", { class: "row-label", text: gettext("Line-ups…") }),
        icon("right"),
      ),
    );
    this.update();
  }

  /** The line-up that the chips show as they are, if they do. */
  get current() {
    return (
      this.lineUps.find((one) => one === this.#current && sameEntries(one.entries, this.picker.entries)) ??
      this.lineUps.find((one) => sameEntries(one.entries, this.picker.entries)) ??
      null
    );
  }

  /** The chips have changed. */
  update() {
    const { current } = this;
    setText(
      this.label,
      current ? fill(gettext("Line-up: %(name)s"), { name: current.name }) : gettext("Line-ups"),
    );
  }

  open(opener) {
    this.opener = opener;
    this.#show();
    this.element.showPopover();
    placePopover(this.element, opener);
    this.element.querySelector("button, input").focus();
  }

  apply(lineUp) {
    this.#current = lineUp;
    this.picker.set(lineUp.entries);
  }

  #show(note = "") {
    this.note = el("p", { class: "errorlist", role: "alert", text: note });
    const { current } = this;
    const empty = el("p", {
      class: "ai-none",
      text: gettext("None yet. Choose AIs, then keep them here under a name."),
    });
    this.element.replaceChildren(
      el("h3", { text: gettext("Line-ups") }),
      ...(this.lineUps.length > 0 ? this.lineUps.map((one) => this.#option(one, current)) : [empty]),
      this.note,
      current ? this.#ofCurrent(current) : this.#saving(),
    );
  }

  #option(lineUp, current) {
    const names = lineUp.entries
      .map((entry) => aiOf(entry, this.picker.ais)?.name ?? entry.target)
      .join(", ");
    const cost = this.costOf(lineUp.entries);
    const pick = () => {
      this.element.hidePopover();
      this.apply(lineUp);
      this.chip.focus();
    };
    const isDefault = lineUp.id === this.defaultId;
    return el(
      "button",
      { type: "button", class: "option", "aria-pressed": String(lineUp === current), on: { click: pick } },
      icon("check"),
      el("b", { text: isDefault ? `${lineUp.name} · ${gettext("for new conversations")}` : lineUp.name }),
      el("small", { text: cost ? `${names} · ${cost}` : names }),
    );
  }

  #button(text, act, kind = "btn btn-quiet") {
    return el("button", { type: "button", class: kind, text, on: { click: act } });
  }

  #saving() {
    const name = el("input", {
      class: "input",
      type: "text",
      maxlength: "100",
      "aria-label": gettext("Name of the line-up"),
      placeholder: gettext("Name of the line-up"),
      autocomplete: "off",
    });
    this.submit = () => this.#work(async () => this.#saveNew(name.value.trim()));
    const applied = this.lineUps.find((one) => one === this.#current);
    const update =
      applied &&
      this.#button(fill(gettext("Update “%(name)s”"), { name: applied.name }), () =>
        this.#work(() => this.#change(applied, { targets: this.picker.entries.map(toTarget) })),
      );
    return el(
      "footer",
      { class: "popover-foot" },
      name,
      update || null,
      this.#button(gettext("Save this line-up"), () => this.submit(), "btn"),
    );
  }

  #ofCurrent(current) {
    const isDefault = current.id === this.defaultId;
    return el(
      "footer",
      { class: "popover-foot" },
      this.#button(gettext("Copy the link"), () => this.#copyLink(current)),
      this.#button(
        isDefault ? gettext("No more for new conversations") : gettext("Use for new conversations"),
        () => this.#work(() => this.#makeDefault(isDefault ? null : current.id)),
      ),
      this.#button(gettext("Rename"), () => this.#rename(current)),
      this.#button(gettext("Delete"), () => this.#remove(current), "btn btn-quiet danger"),
    );
  }

  #rename(current) {
    const name = el("input", {
      class: "input",
      type: "text",
      maxlength: "100",
      "aria-label": gettext("Name of the line-up"),
      autocomplete: "off",
    });
    name.value = current.name;
    this.submit = () => this.#work(() => this.#change(current, { name: name.value.trim() }));
    this.element.lastChild.replaceWith(
      el(
        "footer",
        { class: "popover-foot" },
        name,
        this.#button(gettext("Save"), () => this.submit(), "btn"),
      ),
    );
    name.select();
  }

  #enter(event) {
    event.preventDefault();
    this.submit();
  }

  async #saveNew(name) {
    const made = await api("POST", ADDRESS, { name, targets: this.picker.entries.map(toTarget) });
    this.#put(made);
    this.say(fill(gettext("Line-up “%(name)s” saved."), { name: made.name }));
  }

  async #change(lineUp, change) {
    const changed = await api("PATCH", `${ADDRESS}/${lineUp.id}`, change);
    this.lineUps = this.lineUps.filter((one) => one !== lineUp);
    this.#put(changed);
  }

  #put({ id, name, targets }) {
    this.#current = { id, name, entries: targets.map(fromTarget) };
    this.lineUps = [...this.lineUps, this.#current].sort((a, b) => a.name.localeCompare(b.name));
  }

  async #makeDefault(id) {
    await api("PATCH", "/api/auth/preferences", { line_up: id });
    this.defaultId = id;
  }

  async #remove(current) {
    this.element.hidePopover();
    const text = fill(gettext("“%(name)s” is removed for good. Conversations stay as they are."), {
      name: current.name,
    });
    if (!(await confirm({ heading: gettext("Delete this line-up?"), text, action: gettext("Delete") })))
      return;
    await this.#work(async () => {
      await api("DELETE", `${ADDRESS}/${current.id}`);
      this.lineUps = this.lineUps.filter((one) => one !== current);
      this.say(gettext("Line-up deleted."));
    });
    this.chip.focus();
  }

  #copyLink({ name }) {
    copyText(`${location.origin}/chat/?lineup=${encodeURIComponent(name)}`).then(() =>
      this.say(gettext("Link copied.")),
    );
    this.element.hidePopover();
  }

  async #work(job) {
    try {
      await job();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#show(Object.values(error.fields)[0] ?? error.sentence);
      this.element.querySelector("input")?.focus();
      return;
    }
    this.#show();
    this.update();
    if (!this.element.matches(":popover-open")) return;
    placePopover(this.element, this.opener);
    this.element.querySelector("button").focus();
  }
}
