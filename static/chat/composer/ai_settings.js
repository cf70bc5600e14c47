// How one AI of the next question is asked: its model, temperature, length and instructions, in a popover.
import { el, icon, iconButton, placePopover } from "../../webox/dom.js";
import { field, setError } from "../../webox/forms.js";
import { fill, gettext } from "../../webox/i18n.js";
import { ModelSearch } from "../ais/search.js";
import { modelOf, targetFor } from "./targets.js";
import { learn } from "./known_models.js";
import { reasonOf } from "./obstacles.js";

export class AiSettings {
  #entry = null;

  /**
   * Stands in `host`. `acts`: change(entry, changed), duplicate, remove(entry), move(entry, by), canMove,
   * canDuplicate, focusChip(entry).
   */
  constructor(host, acts) {
    this.acts = acts;
    // A form of its own can’t stand inside the composer’s: fields report here.
    this.element = el("div", { class: "ai-list ai-settings", popover: "auto", role: "dialog" });
    this.element.addEventListener("toggle", (event) => {
      // What was changed last makes the chip anew as the field is left: the browser’s way back leads to the
      // one that is gone.
      const isLost =
        document.activeElement === document.body || this.element.contains(document.activeElement);
      if (event.newState === "closed" && isLost) this.acts.focusChip(this.#entry);
    });
    this.element.addEventListener("keydown", (event) => {
      // Enter in one of its fields must not send the question.
      if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    });
    host.append(this.element);
  }

  open(entry, ai, chip) {
    this.ai = ai;
    this.#entry = entry;
    const title = fill(gettext("%(name)s, for the next question"), { name: ai.name });
    this.element.setAttribute("aria-label", title);
    this.element.replaceChildren(
      el("h3", { text: title }),
      ...(ai.ready ? this.#fields() : [this.#obstacle()]),
      this.#footer(),
    );
    this.element.showPopover();
    placePopover(this.element, chip);
    this.element.querySelector("input, a, button").focus();
  }

  #obstacle() {
    return el(
      "div",
      { class: "ai-obstacle" },
      el("p", {
        text: fill(gettext("%(name)s can’t be asked: %(reason)s. The question goes to the others."), {
          name: this.ai.name,
          reason: reasonOf(this.ai).toLowerCase(),
        }),
      }),
      el(
        "a",
        { class: "btn", href: `/chat/ais#${this.ai.provider}` },
        icon("key"),
        gettext("Open AIs and keys"),
      ),
    );
  }

  #fields() {
    const { settings } = this.#entry;
    const address = `/api/chat/providers/${this.ai.provider}`;
    const names = el("datalist", { id: "settings-models" });
    const search = new ModelSearch(address, (models) => {
      learn(this.ai.provider, models);
      names.replaceChildren(
        ...models.map(({ name, label }) =>
          el("option", { value: name, text: label && label !== name ? label : "" }),
        ),
      );
    });
    const model = el("input", {
      type: "text",
      name: "model",
      list: names.id,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      maxlength: "200",
      placeholder: this.ai.model,
    });
    const current = modelOf(this.#entry, this.ai);
    model.value = current === this.ai.model ? "" : current;
    const temperature = el("input", {
      type: "number",
      name: "temperature",
      min: "0",
      max: "2",
      step: "0.1",
      inputmode: "decimal",
      placeholder: gettext("Default"),
    });
    temperature.value = settings.temperature ?? "";
    const length = el("input", {
      type: "number",
      name: "max_tokens",
      min: "1",
      step: "1",
      inputmode: "numeric",
      placeholder: gettext("Default"),
    });
    length.value = settings.max_tokens ?? "";
    const instructions = el("textarea", { name: "system_prompt", rows: "2", maxlength: "20000" });
    instructions.value = settings.system_prompt ?? "";
    this.inputs = { model, temperature, length, instructions };
    for (const input of Object.values(this.inputs)) input.addEventListener("change", () => this.#apply());
    model.addEventListener("input", () => search.look(model.value));
    if (!this.ai.demo) search.look("");
    const all = [
      // A demonstration is one model, and an AI of its own.
      this.ai.demo ? null : field(gettext("Model"), model),
      el(
        "div",
        { class: "part-pair" },
        field(gettext("Temperature"), temperature),
        field(gettext("Longest answer, in tokens"), length),
      ),
      field(gettext("Instructions"), instructions),
      names,
    ];
    return [el("div", { class: "form ai-fields" }, ...all.filter(Boolean))];
  }

  #apply() {
    const { model, temperature, length, instructions } = this.inputs;
    for (const input of [temperature, length]) setError(input, "");
    if (!isNumber(temperature, 0, 2)) setError(temperature, gettext("Enter a number from 0 to 2."));
    else if (!isNumber(length, 1, Infinity) || !Number.isInteger(Number(length.value)))
      setError(length, gettext("Enter a whole number, 1 or more."));
    else {
      const settings = {
        ...(temperature.value !== "" && { temperature: Number(temperature.value) }),
        ...(length.value !== "" && { max_tokens: Number(length.value) }),
        ...(instructions.value.trim() !== "" && { system_prompt: instructions.value.trim() }),
      };
      const before = modelOf(this.#entry, this.ai);
      const wanted = model.value.trim() || this.ai.model;
      // An AI keeps the name under which it was asked before, and with it its thread, unless the model is
      // another.
      const asked = wanted === before ? this.#entry : { target: targetFor(this.ai, wanted) };
      this.#take({ ...asked, settings });
    }
  }

  #take(changed) {
    const entry = this.#entry;
    this.#entry = changed;
    this.acts.change(entry, changed);
  }

  #footer() {
    const act = (name, label, does) => iconButton(name, label, () => this.#leave(does));
    const entry = () => this.#entry;
    const parts = [
      this.acts.canMove(this.#entry, -1) &&
        act("left", gettext("Move to the left"), () => this.acts.move(entry(), -1)),
      this.acts.canMove(this.#entry, 1) &&
        act("right", gettext("Move to the right"), () => this.acts.move(entry(), 1)),
      el("span", { class: "grow" }),
      this.ai.ready &&
        this.acts.canDuplicate() &&
        el("button", {
          type: "button",
          class: "btn btn-quiet",
          text: gettext("Duplicate"),
          on: { click: () => this.#leave(() => this.acts.duplicate(entry())) },
        }),
      el("button", {
        type: "button",
        class: "btn btn-quiet",
        text: gettext("Remove"),
        on: { click: () => this.#leave(() => this.acts.remove(entry())) },
      }),
    ];
    return el("footer", { class: "popover-foot" }, ...parts.filter(Boolean));
  }

  #leave(does) {
    this.element.hidePopover();
    does();
    this.acts.focusChip(this.#entry);
  }
}

function isNumber(input, least, most) {
  if (input.validity.badInput) return false;
  return input.value === "" || (Number(input.value) >= least && Number(input.value) <= most);
}
