// How a person wants one AI asked: model, temperature, length, instructions. What is left empty is the
// default.
import { api } from "../../webox/api.js";
import { el } from "../../webox/dom.js";
import { Work, clearErrors, field, setError, showErrors } from "../../webox/forms.js";
import { fill, gettext } from "../../webox/i18n.js";
import { ModelSearch } from "./search.js";

const numberOrNull = (text) => (text.trim() === "" ? null : Number(text));

export class PreferencePart {
  constructor(row) {
    this.row = row;
    this.form = this.#build();
    this.element = el(
      "section",
      { class: "part" },
      el("h3", { text: gettext("How it is asked") }),
      this.form,
    );
    this.work = new Work(this.element, row.say);
    this.element.append(this.work.element);
    this.fillIn(row.record.preference);
    this.update(row.record);
  }

  #build() {
    const { slug } = this.row.record;
    this.names = el("datalist", { id: `models-${slug}` });
    this.model = el("input", {
      type: "text",
      name: "model",
      list: this.names.id,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      maxlength: "200",
    });
    this.temperature = el("input", {
      type: "number",
      name: "temperature",
      min: "0",
      max: "2",
      step: "0.1",
      inputmode: "decimal",
      placeholder: gettext("Default"),
    });
    this.maxTokens = el("input", {
      type: "number",
      name: "max_tokens",
      min: "1",
      step: "1",
      inputmode: "numeric",
      placeholder: gettext("Default"),
    });
    this.instructions = el("textarea", { name: "system_prompt", rows: "3", maxlength: "20000" });
    this.defaultsButton = el("button", {
      type: "button",
      class: "btn btn-quiet",
      text: gettext("Back to the defaults"),
      on: { click: () => this.#reset() },
    });
    this.search = new ModelSearch(this.row.address, (models) => this.#suggest(models));
    this.model.addEventListener(
      "input",
      () => this.row.record.model_count > this.row.record.models.length && this.search.look(this.model.value),
    );
    const submit = (event) => {
      event.preventDefault();
      this.#save();
    };
    return el(
      "form",
      { class: "form", novalidate: true, on: { submit } },
      field(gettext("Model"), this.model, {
        help: [gettext("Choose one of the list or type any name the vendor knows.")],
      }),
      el(
        "div",
        { class: "part-pair" },
        field(gettext("Temperature"), this.temperature, {
          help: [gettext("0 is the most predictable, 2 the most varied.")],
        }),
        field(gettext("Longest answer, in tokens"), this.maxTokens, {
          help: [gettext("1,000 tokens are about 750 words.")],
        }),
      ),
      field(gettext("Instructions"), this.instructions, {
        help: [gettext("They go before every question to this AI.")],
      }),
      this.names,
      el(
        "div",
        { class: "actions" },
        el("button", { class: "btn", text: gettext("Save") }),
        this.defaultsButton,
      ),
    );
  }

  fillIn({ model, temperature, max_tokens, system_prompt }) {
    this.model.value = model;
    this.temperature.value = temperature ?? "";
    this.maxTokens.value = max_tokens ?? "";
    this.instructions.value = system_prompt;
  }

  update(record) {
    const { model, temperature, max_tokens, system_prompt } = record.preference;
    this.model.placeholder = model ? "" : record.default_model;
    this.defaultsButton.hidden =
      model === "" && temperature === null && max_tokens === null && system_prompt === "";
    this.#suggest(record.models);
  }

  #suggest(models) {
    this.names.replaceChildren(
      ...models.map(({ name, label }) =>
        el("option", { value: name, text: label && label !== name ? label : "" }),
      ),
    );
  }

  #save() {
    clearErrors(this.form);
    if (!this.#areNumbersGood()) return;
    const body = {
      model: this.model.value.trim(),
      temperature: numberOrNull(this.temperature.value),
      max_tokens: numberOrNull(this.maxTokens.value),
      system_prompt: this.instructions.value.trim(),
    };
    const job = async () => {
      await api("PUT", `${this.row.address}/preference`, body);
      this.fillIn((await this.row.refresh()).preference);
      return fill(gettext("Saved. The next question to %(name)s is asked like this."), {
        name: this.row.record.label,
      });
    };
    this.work.run(gettext("Saving…"), job, (error) => showErrors(this.form, error));
  }

  #areNumbersGood() {
    const sentences = new Map([
      [this.temperature, gettext("Enter a number from 0 to 2.")],
      [this.maxTokens, gettext("Enter a whole number, 1 or more.")],
    ]);
    const isWrong = ({ validity }) => validity.badInput || validity.rangeUnderflow || validity.rangeOverflow;
    const wrong = [...sentences.keys()].filter(
      (input) => isWrong(input) || (input === this.maxTokens && !Number.isInteger(Number(input.value))),
    );
    for (const input of wrong) setError(input, sentences.get(input));
    wrong[0]?.focus();
    return wrong.length === 0;
  }

  #reset() {
    this.work.run(gettext("Saving…"), async () => {
      await api("DELETE", `${this.row.address}/preference`);
      clearErrors(this.form);
      this.fillIn((await this.row.refresh()).preference);
      // The button that was pressed is gone now.
      this.model.focus();
      return fill(gettext("%(name)s is back to the defaults."), { name: this.row.record.label });
    });
  }
}
