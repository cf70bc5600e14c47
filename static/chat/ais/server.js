// A server’s name and address, and its end: for the person’s own, and for everybody’s where the owner looks.
import { api } from "../../webox/api.js";
import { confirm } from "../../webox/confirm.js";
import { el } from "../../webox/dom.js";
import { Work, clearErrors, field, showErrors } from "../../webox/forms.js";
import { fill, gettext } from "../../webox/i18n.js";

/** Which field a refusal is about. */
export const FIELD_OF_CODE = {
  bad_address: "base_url",
  private_address: "base_url",
  address_refused: "base_url",
  unreachable: "base_url",
  bad_stream: "base_url",
  name_taken: "label",
  bad_key: "key",
  no_key: "key",
  model_not_found: "models",
};

export class ServerPart {
  /** `isVendors`: a vendor of WeBox’s own list, which keeps its name and can’t be removed. */
  constructor(row, { isVendors }) {
    this.row = row;
    this.label = isVendors
      ? null
      : el("input", { type: "text", name: "label", maxlength: "100", autocomplete: "off" });
    this.address = el("input", {
      type: "url",
      name: "base_url",
      maxlength: "500",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.form = this.#build(isVendors);
    this.element = el(
      "details",
      { class: "part part-fold" },
      el("summary", { text: isVendors ? gettext("Address") : gettext("Name and address") }),
      this.form,
    );
    this.work = new Work(this.element, row.say);
    this.element.append(this.work.element);
    this.fillIn(row.record);
  }

  #build(isVendors) {
    const submit = (event) => {
      event.preventDefault();
      this.#save();
    };
    const remove = isVendors
      ? null
      : el("button", {
          type: "button",
          class: "btn btn-danger",
          text: gettext("Remove this server"),
          on: { click: () => this.#remove() },
        });
    return el(
      "form",
      { class: "form", novalidate: true, on: { submit } },
      this.label ? field(gettext("Name"), this.label) : null,
      field(gettext("Address"), this.address, {
        help: [gettext("With another address the stored keys are dropped: they were meant for this one.")],
      }),
      el("div", { class: "actions" }, el("button", { class: "btn", text: gettext("Save") }), remove),
    );
  }

  fillIn({ label, base_url }) {
    if (this.label) this.label.value = label;
    this.address.value = base_url;
  }

  update() {
    // What is being typed stays.
  }

  /** Only what was changed: an address that stays keeps its keys. */
  #changes() {
    const { record } = this.row;
    const given = {
      base_url: this.address.value.trim(),
      ...(this.label && { label: this.label.value.trim() }),
    };
    return Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== record[name]));
  }

  #save() {
    clearErrors(this.form);
    const changes = this.#changes();
    this.work.run(
      gettext("Saving…"),
      async () => {
        if (Object.keys(changes).length === 0) return gettext("Nothing was changed.");
        const record = await api("PATCH", this.row.address, changes);
        this.row.take(record);
        this.fillIn(record);
        return gettext("Saved.");
      },
      (error) => showErrors(this.form, error, FIELD_OF_CODE),
    );
  }

  async #remove() {
    const { label, is_own } = this.row.record;
    const text = is_own
      ? gettext("Its key and its settings are deleted. The answers it gave stay.")
      : gettext("It is gone for everybody, with its keys and settings. The answers it gave stay.");
    if (
      !(await confirm({
        heading: fill(gettext("Remove %(name)s?"), { name: label }),
        text,
        action: gettext("Remove"),
      }))
    )
      return;
    this.work.run(gettext("Removing the server…"), async () => {
      await api("DELETE", this.row.address);
      this.row.remove();
    });
  }
}
