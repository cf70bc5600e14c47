// The models of one provider as a table, with a search where there are many.
import { api } from "../../webox/api.js";
import { el, setText } from "../../webox/dom.js";
import { Work, field } from "../../webox/forms.js";
import { fill, gettext, ngettext, number } from "../../webox/i18n.js";
import { price } from "../../webox/money.js";
import { ModelSearch } from "./search.js";

const MANY = 10;

const yesOrNo = (said) => (said === null ? "–" : said ? gettext("yes") : gettext("no"));

const COLUMNS = [
  [() => gettext("Context"), ({ context_window }) => (context_window ? number(context_window) : "–"), "num"],
  [() => gettext("Input"), ({ input_price }) => price(input_price), "num"],
  [() => gettext("Output"), ({ output_price }) => price(output_price), "num"],
  [() => gettext("Sees images"), ({ sees_images }) => yesOrNo(sees_images), ""],
  [() => gettext("Reasons"), ({ reasons }) => yesOrNo(reasons), ""],
];

export class ModelsPart {
  /** `maySync`: whether this person may have the list read again. */
  constructor(row, { maySync }) {
    this.row = row;
    this.title = el("summary", {});
    this.body = el("tbody");
    this.count = el("p", { class: "help" });
    this.searchBox = this.#buildSearch();
    this.syncButton = maySync
      ? el("button", {
          type: "button",
          class: "btn",
          text: gettext("Read the model list again"),
          on: { click: () => this.#sync() },
        })
      : null;
    const units = el("p", {
      class: "help",
      text: gettext("Context in tokens, prices in US dollars per million tokens; – is not known."),
    });
    this.element = el(
      "details",
      { class: "part part-fold" },
      this.title,
      units,
      this.searchBox,
      this.#buildTable(),
      this.count,
    );
    this.work = new Work(this.element, row.say);
    if (this.syncButton)
      this.element.append(el("div", { class: "actions" }, this.syncButton), this.work.element);
    this.update(row.record);
  }

  #buildSearch() {
    const search = new ModelSearch(
      this.row.address,
      (models, text) => this.#found(models, text),
      (error) => setText(this.count, error.sentence),
    );
    this.input = el("input", { type: "search", autocomplete: "off", spellcheck: "false" });
    this.input.addEventListener("input", () => search.look(this.input.value));
    // A field of its own: Enter has nothing to send.
    const form = el(
      "form",
      { role: "search", on: { submit: (event) => event.preventDefault() } },
      field(gettext("Search the models"), this.input),
    );
    return form;
  }

  #buildTable() {
    const heads = COLUMNS.map(([title, , kind]) =>
      el("th", { scope: "col", class: kind || null, text: title() }),
    );
    const table = el(
      "table",
      {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col", text: gettext("Model") }), ...heads)),
      this.body,
    );
    return el(
      "div",
      {
        class: "models-scroll",
        tabindex: "0",
        role: "region",
        "aria-label": fill(gettext("Models of %(name)s"), { name: this.row.record.label }),
      },
      table,
    );
  }

  update(record) {
    const { models, model_count } = record;
    setText(
      this.title,
      fill(ngettext("%(count)s model", "%(count)s models", model_count), { count: number(model_count) }),
    );
    this.searchBox.hidden = model_count <= MANY;
    if (this.syncButton) this.syncButton.hidden = !record.ready;
    if (this.input.value.trim() !== "" && !this.searchBox.hidden) return;
    this.#show(models);
    const isPart = models.length < model_count;
    setText(
      this.count,
      isPart
        ? fill(gettext("The first %(shown)s of %(count)s: search for the others."), {
            shown: number(models.length),
            count: number(model_count),
          })
        : "",
    );
  }

  #found(models, text) {
    if (text === "") {
      this.update(this.row.record);
      return;
    }
    this.#show(models);
    const sentence =
      models.length === 0
        ? fill(gettext("No model with “%(text)s” in its name."), { text })
        : fill(ngettext("%(count)s model found.", "%(count)s models found.", models.length), {
            count: number(models.length),
          });
    setText(this.count, sentence);
    this.row.say(sentence);
  }

  #show(models) {
    const empty = el(
      "tr",
      {},
      el("td", { colspan: String(COLUMNS.length + 1), text: gettext("No models known yet.") }),
    );
    this.body.replaceChildren(...(models.length > 0 ? models.map((model) => this.#line(model)) : [empty]));
  }

  #line(model) {
    const name = el("th", { scope: "row" }, model.name);
    if (model.premium_only) name.append(el("small", { text: gettext("With Premium") }));
    else if (model.label && model.label !== model.name) name.append(el("small", { text: model.label }));
    return el(
      "tr",
      {},
      name,
      ...COLUMNS.map(([, value, kind]) => el("td", { class: kind || null, text: value(model) })),
    );
  }

  #sync() {
    this.work.run(
      fill(gettext("Reading the model list of %(name)s…"), { name: this.row.record.label }),
      async () => {
        const { listed, added, gone } = await api("POST", `${this.row.address}/sync`);
        await this.row.refresh();
        const counts = { listed: number(listed), added: number(added), gone: number(gone) };
        return fill(
          ngettext(
            "%(listed)s model: %(added)s new, %(gone)s gone.",
            "%(listed)s models: %(added)s new, %(gone)s gone.",
            listed,
          ),
          counts,
        );
      },
    );
  }
}
