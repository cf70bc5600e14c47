// The question of a turn: its text and images, the way to ask it in other words, and the branches this made.
import { copyWithMark } from "../../webox/clipboard.js";
import { el, iconButton, setText } from "../../webox/dom.js";
import { fill, gettext, number } from "../../webox/i18n.js";
import { gallery } from "./gallery.js";

export class QuestionView {
  #form = null;

  /**
   * `hooks`: say(text), showBranch(message id), and resend(question, text), which promises "" or why it was
   * not sent.
   */
  constructor(question, hooks) {
    this.hooks = hooks;
    this.heading = el("h2");
    this.earlier = iconButton("left", gettext("Earlier wording"), () => this.#step(-1));
    this.later = iconButton("right", gettext("Later wording"), () => this.#step(1));
    this.place = el("span", { class: "num" });
    this.branches = el(
      "span",
      { class: "versions", role: "group", "aria-label": gettext("Wordings of this question") },
      this.earlier,
      this.place,
      this.later,
    );
    this.editButton = iconButton("edit", gettext("Edit and ask again"), () => this.edit());
    this.copyButton = iconButton("copy", gettext("Copy the question"), () => this.#copy());
    this.tools = el("span", { class: "question-tools" }, this.editButton, this.copyButton);
    this.line = el("div", { class: "question" }, this.heading, this.tools, this.branches);
    this.element = el(
      "div",
      { class: "question-side" },
      this.line,
      question.attachments?.length > 0 ? gallery(question.attachments) : null,
    );
    this.update(question);
  }

  update(question) {
    this.question = question;
    setText(this.heading, question.content);
    // A turn without a question of its own can’t be asked again.
    this.tools.hidden = !question.id;
    if (question.id) this.line.id = `message-${question.id}`;
    const siblings = question.siblings ?? [];
    const at = siblings.indexOf(question.id);
    this.branches.hidden = siblings.length < 2;
    setText(this.place, `${number(at + 1)}/${number(siblings.length)}`);
    this.place.title = fill(gettext("Wording %(at)s of %(of)s"), {
      at: number(at + 1),
      of: number(siblings.length),
    });
    this.earlier.setAttribute("aria-disabled", String(at <= 0));
    this.later.setAttribute("aria-disabled", String(at === siblings.length - 1));
  }

  /** Whether this and the question of that id are two wordings of one. */
  isWordingOf(id) {
    return this.question.siblings?.includes(id) ?? false;
  }

  /**
   * The control that the keyboard is on as {id, control}, for the wording that is shown in its place; else
   * null.
   */
  get held() {
    if (!this.element.contains(document.activeElement)) return null;
    const control =
      ["earlier", "later", "copyButton"].find((name) => this[name] === document.activeElement) ??
      "editButton";
    return { id: this.question.id, control };
  }

  hold(control) {
    this[control].focus({ preventScroll: true });
  }

  #step(by) {
    const { siblings, id } = this.question;
    const other = siblings[siblings.indexOf(id) + by];
    if (other) this.hooks.showBranch(other);
  }

  #copy() {
    copyWithMark(this.copyButton, this.question.content).then(() => this.hooks.say(gettext("Copied.")));
  }

  /** Write it in other words, in its place. */
  edit() {
    if (this.#form || !this.question.id) return;
    const field = el("textarea", {
      class: "input question-field",
      "aria-label": gettext("The question in other words"),
      rows: "1",
    });
    field.value = this.question.content;
    const note = el("p", {
      class: "help",
      text: gettext(
        "Asked beside the first wording, to the AIs chosen below. The first stays, with its answers.",
      ),
    });
    const send = el("button", { class: "btn btn-primary", text: gettext("Ask again") });
    const cancel = el("button", {
      type: "button",
      class: "btn btn-quiet",
      text: gettext("Cancel"),
      on: { click: () => this.#close() },
    });
    this.#form = el(
      "form",
      { class: "question-edit" },
      field,
      note,
      el("div", { class: "actions" }, send, cancel),
    );
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(field, note, send);
    });
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("input", () => grow(field));
    this.line.hidden = true;
    this.line.after(this.#form);
    grow(field);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.#close();
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  async #send(field, note, send) {
    const text = field.value.trim();
    if (text === "" || send.getAttribute("aria-disabled") === "true") return;
    send.setAttribute("aria-disabled", "true");
    setText(send, gettext("Sending…"));
    const refusal = await this.hooks.resend(this.question, text);
    if (refusal === "") {
      this.#close();
      return;
    }
    send.removeAttribute("aria-disabled");
    setText(send, gettext("Ask again"));
    setText(note, refusal);
    note.className = "errorlist";
    note.setAttribute("role", "alert");
    field.focus();
  }

  #close() {
    this.#form?.remove();
    this.#form = null;
    this.line.hidden = false;
    this.editButton.focus();
  }
}

function grow(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}
