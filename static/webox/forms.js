// Fields with their help and errors, and what a form says while the server works and after.
import { ApiError } from "./api.js";
import { el, icon } from "./dom.js";
import { gettext } from "./i18n.js";

let count = 0;

/**
 * A labelled field; `help` are strings and elements. `shown` stands in the input’s place where something is
 * round
 * it; `isHeaded` where a heading says the same as the label to those who see it.
 */
export function field(label, input, { help = [], shown = input, isHeaded = false } = {}) {
  count += 1;
  const id = `field-${count}`;
  input.id = id;
  const note = help.length > 0 ? el("p", { class: "help", id: `${id}-help` }, ...help) : null;
  input.setAttribute("aria-describedby", note ? `${id}-help ${id}-error` : `${id}-error`);
  return el(
    "div",
    { class: "field" },
    el("label", { class: isHeaded ? "visually-hidden" : null, for: id, text: label }),
    shown,
    note,
    el("p", { class: "errorlist", id: `${id}-error` }),
  );
}

const errorOf = (input) => input.form.ownerDocument.getElementById(`${input.id}-error`);

/** Put a sentence under a field, or take it away. */
export function setError(input, text) {
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  errorOf(input)?.replaceChildren(text);
}

export function clearErrors(form) {
  for (const input of form.querySelectorAll('[aria-invalid="true"]')) setError(input, "");
}

/**
 * Show an ApiError beside the fields it is about; true when all of it found a place. `fieldOfCode` names the
 * field that a code is about.
 */
export function showErrors(form, error, fieldOfCode = {}) {
  const told = fieldOfCode[error.code] ? { [fieldOfCode[error.code]]: error.detail } : error.fields;
  const inputs = [];
  for (const [name, said] of Object.entries(told)) {
    const input = form.elements.namedItem(name);
    if (!input) continue;
    setError(input, said);
    inputs.push(input);
  }
  inputs[0]?.focus();
  return inputs.length > 0 && inputs.length === Object.keys(told).length;
}

/** What a part of the page does with the server: a line while it works, then how it ended. */
export class Work {
  /** `say(text)` tells screen readers; `host` is marked busy meanwhile. */
  constructor(host, say) {
    Object.assign(this, { host, say, isRunning: false });
    this.element = el("div", { class: "work" });
  }

  /**
   * Run `job()`, one at a time; it may return the sentence to end with, or [kind, sentence] with kind `warn`.
   * `onError(error)` may take an ApiError for itself by returning true.
   */
  async run(text, job, onError = () => false) {
    if (this.isRunning) return;
    this.#begin(text);
    try {
      this.#end(await job());
    } catch (error) {
      if (!(error instanceof ApiError)) {
        this.#show("error", gettext("Something went wrong. Try again."));
        throw error;
      }
      if (onError(error)) this.element.replaceChildren();
      else this.#show("error", Object.values(error.fields)[0] ?? error.sentence);
    } finally {
      this.isRunning = false;
      this.host.removeAttribute("aria-busy");
    }
  }

  #begin(text) {
    this.isRunning = true;
    this.host.setAttribute("aria-busy", "true");
    const running = el(
      "p",
      { class: "state", data: { shape: "disc", status: "streaming" } },
      el("i", { class: "dot" }),
      el("span", { text }),
    );
    this.element.replaceChildren(running);
    this.say(text);
  }

  #end(result) {
    if (!result) this.element.replaceChildren();
    else if (typeof result === "string") this.#show("ok", result);
    else this.#show(...result);
  }

  #show(kind, text) {
    const line =
      kind === "ok"
        ? el("p", { class: "work-ok" }, icon("check"), text)
        : el("div", { class: `card card-${kind}` }, el("p", { text }));
    this.element.replaceChildren(line);
    this.say(text);
  }
}
