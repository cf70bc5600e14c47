// More AIs: a compatible server by its address, and for the owner what runs on WeBox’s own machine.
import { api } from "../../webox/api.js";
import { $, el } from "../../webox/dom.js";
import { Work, clearErrors, setError, showErrors } from "../../webox/forms.js";
import { fill, gettext, ngettext, number } from "../../webox/i18n.js";
import { FIELD_OF_CODE } from "./server.js";

/** The form for a new server; `onAdded(record)` when it is there. */
export class AddServer {
  constructor(form, { say, onAdded }) {
    Object.assign(this, { form, onAdded });
    this.work = new Work(form, say);
    form.append(this.work.element);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
  }

  #add() {
    clearErrors(this.form);
    const { label, base_url, protocol, key, models, for_everyone } = this.form.elements;
    const empty = [label, base_url].filter((input) => input.value.trim() === "");
    for (const input of empty)
      setError(input, input === label ? gettext("Give it a name.") : gettext("Enter its address."));
    empty[0]?.focus();
    if (empty.length > 0) return;
    const model = models.value.trim();
    const body = {
      label: label.value.trim(),
      base_url: base_url.value.trim(),
      protocol: protocol.value,
      key: key.value.trim(),
      models: model ? [model] : [],
    };
    if (for_everyone?.checked) body.for_everyone = true;
    this.work.run(
      gettext("Looking at the server…"),
      async () => {
        this.onAdded(await api("POST", "/api/chat/providers", body));
        this.form.reset();
      },
      (error) => showErrors(this.form, error, FIELD_OF_CODE),
    );
  }
}

/** Looks for the usual servers on WeBox’s machine when the owner asks, and adds what they choose. */
export class LocalServers {
  constructor(root, { say, onAdded }) {
    Object.assign(this, { root, onAdded });
    this.list = el("ul", { class: "local-list", hidden: true });
    this.work = new Work(root, say);
    root.append(this.work.element, this.list);
    $("button", root).addEventListener("click", () => this.#look());
  }

  #look() {
    this.work.run(gettext("Looking for AIs on this machine…"), async () => {
      const found = await api("GET", "/api/chat/local-servers");
      this.#show(found);
      if (found.length === 0)
        return [
          "plain",
          gettext(
            "None answers. Start Ollama, llama.cpp, LM Studio or vLLM on the machine WeBox runs on, then look again.",
          ),
        ];
      return fill(ngettext("%(count)s server found.", "%(count)s servers found.", found.length), {
        count: number(found.length),
      });
    });
  }

  #show(found) {
    this.list.hidden = found.length === 0;
    this.list.replaceChildren(...found.map((server) => this.#item(server)));
  }

  #item({ slug, label, base_url, is_added }) {
    const add = is_added
      ? el("span", { class: "help", text: gettext("Added already") })
      : el("button", {
          type: "button",
          class: "btn",
          text: gettext("Add"),
          "aria-label": fill(gettext("Add %(name)s"), { name: label }),
          on: { click: () => this.#add(slug, label) },
        });
    return el("li", {}, el("span", {}, el("b", { text: label }), el("small", { text: base_url })), add);
  }

  #add(slug, label) {
    this.work.run(fill(gettext("Adding %(name)s…"), { name: label }), async () => {
      const record = await api("POST", "/api/chat/local-servers", { slug });
      this.#show(await api("GET", "/api/chat/local-servers"));
      this.onAdded(record);
    });
  }
}
