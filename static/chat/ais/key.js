// A key of one provider: entered, tested, replaced, removed. It goes to the server and never comes back.
import { api } from "../../webox/api.js";
import { confirm } from "../../webox/confirm.js";
import { fullDate } from "../../webox/dates.js";
import { el, icon, setText } from "../../webox/dom.js";
import { Work, clearErrors, field, setError, showErrors } from "../../webox/forms.js";
import { fill, gettext } from "../../webox/i18n.js";
import { keyName, testedWords, usedWords } from "./words.js";

/** The person’s own key. */
const OWN = {
  path: "key",
  of: (record) => record.key,
  heading: () => gettext("Your key"),
  label: () => gettext("Key"),
  remove: () => gettext("Remove your key?"),
  gone: () => gettext("Your key is removed."),
};

/** The key that serves whom the owner lets use it. */
const SERVER = {
  path: "server-key",
  of: (record) => record.server_key,
  heading: () => gettext("This server’s key"),
  label: () => gettext("Key of this server"),
  remove: () => gettext("Remove this server’s key?"),
  gone: () => gettext("This server’s key is removed."),
};

export class KeyPart {
  /**
   * `row`: page, address, record, take(record), refresh(), say(text). `isServers` for the key of everybody.
   */
  constructor(row, { isServers = false } = {}) {
    this.row = row;
    this.kind = isServers ? SERVER : OWN;
    this.facts = el("p", { class: "part-facts" });
    this.explanation = el("p", { class: "part-text" });
    this.form = this.#buildForm(isServers);
    this.element = this.#frame(isServers);
    this.work = new Work(this.element, row.say);
    this.element.append(this.facts, this.explanation, this.form, this.work.element);
    this.update(row.record);
  }

  /** The server’s is folded: an owner asks mostly for themselves. */
  #frame(isServers) {
    if (isServers)
      return el("details", { class: "part part-fold" }, el("summary", { text: this.kind.heading() }));
    return el("section", { class: "part" }, el("h3", { text: this.kind.heading() }));
  }

  #buildForm(isServers) {
    this.input = el("input", {
      type: "password",
      name: "key",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      maxlength: "1000",
    });
    this.saveButton = el("button", { class: "btn" });
    this.testButton = isServers
      ? null
      : el("button", {
          type: "button",
          class: "btn",
          text: gettext("Test"),
          on: { click: () => this.#test() },
        });
    this.removeButton = el("button", {
      type: "button",
      class: "btn btn-quiet",
      text: gettext("Remove"),
      on: { click: () => this.#remove() },
    });
    const shown = el("div", { class: "key-box" }, this.input, this.#eye());
    const actions = el("div", { class: "actions" }, this.saveButton, this.testButton, this.removeButton);
    const submit = (event) => {
      event.preventDefault();
      this.#save();
    };
    return el(
      "form",
      { class: "form", novalidate: true, on: { submit } },
      field(this.kind.label(), this.input, { help: this.#help(), shown, isHeaded: true }),
      actions,
    );
  }

  #help() {
    const { label, key_url } = this.row.record;
    const sentence = fill(gettext("It is tested with %(name)s, stored encrypted and never shown again."), {
      name: label,
    });
    if (!key_url) return [sentence];
    return [
      sentence,
      " ",
      el(
        "a",
        { href: key_url, target: "_blank", rel: "noopener noreferrer" },
        fill(gettext("Make a key at %(host)s"), { host: new URL(key_url).host }),
      ),
    ];
  }

  /** Shows the key while it is being typed, to see what was pasted. */
  #eye() {
    const button = el(
      "button",
      {
        type: "button",
        class: "icon-btn",
        "aria-pressed": "false",
        "aria-label": gettext("Show the key"),
        title: gettext("Show the key"),
      },
      icon("eye"),
    );
    button.addEventListener("click", () => {
      const isShown = this.input.type === "text";
      this.input.type = isShown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!isShown));
      button.replaceChildren(icon(isShown ? "eye" : "eye-off"));
    });
    return button;
  }

  update(record) {
    const key = this.kind.of(record);
    this.facts.hidden = !key;
    if (key) {
      setText(this.facts, [keyName(key), testedWords(key), usedWords(key)].join(" · "));
      this.facts.title = fill(gettext("Entered on %(date)s"), { date: fullDate(key.created_at) });
    }
    const isNotSetUp = record.reason === "no_key" && !record.needs_key;
    this.form.hidden = isNotSetUp && this.kind === OWN;
    const text = isNotSetUp ? this.#explainNotSetUp() : this.#explain(record, key);
    setText(this.explanation, text);
    this.explanation.hidden = text === "";
    setText(this.saveButton, key ? gettext("Replace the key") : gettext("Save key"));
    this.saveButton.classList.toggle("btn-primary", this.kind === OWN && !record.ready);
    this.removeButton.hidden = !key;
    if (this.testButton) this.testButton.hidden = !record.ready;
  }

  #explain(record, key) {
    if (this.kind === SERVER) return this.#explainServers(record, key);
    if (record.premium_only && record.reason === "premium")
      return gettext("This AI is reserved for Premium accounts here. A key alone does not open it.");
    if (record.reason === "premium")
      return gettext("This server’s key is for Premium accounts. A key of your own works without Premium.");
    if (record.reason === "unreadable_key")
      return gettext("The stored key can’t be used any more. Enter it again.");
    if (key) return "";
    if (record.ready && record.needs_key)
      return gettext("This server’s key is used for you. One of your own goes before it.");
    return record.needs_key ? "" : gettext("It answers without a key. Enter one only if it asks for it.");
  }

  #explainNotSetUp() {
    if (this.row.page.isOwner)
      return gettext(
        "It needs no key, but WeBox does not know where it runs. Look for it at the end of this page, or enter its address below.",
      );
    return gettext("It needs no key. Whoever runs this WeBox has not said yet where it runs.");
  }

  #explainServers({ has_environment_key }, key) {
    if (has_environment_key && key) return gettext("It goes before the one in the server’s environment.");
    if (has_environment_key)
      return gettext("There is one in the server’s environment. One that is saved here goes before it.");
    return gettext("It serves everybody whose plan allows it.");
  }

  #path() {
    return `${this.row.address}/${this.kind.path}`;
  }

  #save() {
    clearErrors(this.form);
    const key = this.input.value.trim();
    if (key === "") {
      setError(this.input, gettext("Paste the key first."));
      this.input.focus();
      return;
    }
    const { label } = this.row.record;
    const job = async () => {
      const record = await api("PUT", this.#path(), { key });
      this.input.value = "";
      this.row.take(record);
      if (record.test.ok)
        return fill(gettext("The key works and is saved. %(name)s is ready."), { name: label });
      return [
        "warn",
        fill(gettext("The key is saved, but its test did not end well: %(reason)s"), {
          reason: record.test.detail,
        }),
      ];
    };
    const refused = (error) => {
      if (error.code !== "bad_key") return showErrors(this.form, error);
      setError(
        this.input,
        fill(gettext("%(name)s rejected this key, so it was not saved. Check that you copied all of it."), {
          name: label,
        }),
      );
      this.input.select();
      return true;
    };
    this.work.run(fill(gettext("Testing the key with %(name)s…"), { name: label }), job, refused);
  }

  #test() {
    const { label } = this.row.record;
    this.work.run(fill(gettext("Asking %(name)s…"), { name: label }), async () => {
      const test = await api("POST", `${this.row.address}/test`);
      await this.row.refresh();
      return test.ok ? fill(gettext("%(name)s answers."), { name: label }) : ["error", test.detail];
    });
  }

  async #remove() {
    const { label } = this.row.record;
    const text = fill(
      gettext("WeBox forgets the key for %(name)s. At the vendor it stays good until you delete it there."),
      { name: label },
    );
    if (!(await confirm({ heading: this.kind.remove(), text, action: gettext("Remove") }))) return;
    await this.work.run(gettext("Removing the key…"), async () => {
      await api("DELETE", this.#path());
      await this.row.refresh();
      return this.kind.gone();
    });
    this.input.focus();
  }
}
