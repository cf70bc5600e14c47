// The field, its draft and the send button. It is never locked: the next question can be written at any time.
import { setText } from "../webox/dom.js";
import { fill, gettext, ngettext, number } from "../webox/i18n.js";
import { load, save } from "../webox/storage.js";
import { codePoints } from "./codepoints.js";

const draftKey = (conversationId) => `webox.draft.${conversationId ?? "new"}`;

/** A random id, also where the page is not a secure context and `randomUUID` is missing. */
export function newClientId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Composer {
  /** `parts`: form, field, button, note, hint. `onSend({message, targets, client_id})` when the person sends. */
  constructor(parts, { conversationId, picker, limit, onSend }) {
    Object.assign(this, { ...parts, conversationId, picker, limit, onSend });
    this.pending = null;
    const draft = load(draftKey(conversationId), null);
    // A draft that was sent just before a reload keeps its id: sending it again is then the same message.
    this.sentBefore = draft?.sent ?? null;
    this.field.value = draft?.text ?? "";
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("input", () => this.#typed());
    this.grow();
    this.showCount();
  }

  #typed() {
    this.grow();
    this.say("");
    this.#save();
  }

  #save() {
    const text = this.field.value;
    save(draftKey(this.conversationId), text === "" ? null : { text, sent: this.pending ?? this.sentBefore });
  }

  /** As tall as its text, up to what the style sheet allows. */
  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  showCount() {
    const count = this.picker.selected.length;
    const label = count === 0 ? gettext("No AI chosen") : fill(ngettext("%(count)s AI", "%(count)s AIs", count), { count: number(count) });
    setText(this.hint, label);
  }

  /** One clear sentence under the field; empty takes it away. */
  say(text, isError = false) {
    setText(this.note, text);
    this.note.toggleAttribute("data-error", isError);
  }

  fillIn(text) {
    this.field.value = text;
    this.#typed();
  }

  submit() {
    const message = this.field.value.trim();
    if (this.pending || message === "") return;
    const targets = [...this.picker.selected];
    if (targets.length === 0) {
      this.say(gettext("Choose at least one AI."), true);
      return;
    }
    if (codePoints(message) > this.limit) {
      this.say(fill(gettext("The message is too long: %(limit)s characters at the most."), { limit: number(this.limit) }), true);
      return;
    }
    const again = this.sentBefore;
    const same = again && again.message === message && again.targets.join() === targets.join();
    this.pending = { message, targets, client_id: same ? again.client_id : newClientId() };
    this.#save();
    this.#showSending(true);
    this.say("");
    this.onSend(this.pending);
  }

  #showSending(sending) {
    this.form.toggleAttribute("data-sending", sending);
    this.button.setAttribute("aria-disabled", String(sending));
    const label = sending ? gettext("Sending…") : gettext("Send");
    this.button.setAttribute("aria-label", label);
    this.button.title = label;
    if (sending) setText(this.hint, label);
    else this.showCount();
  }

  /** The message got a conversation: the draft moves there. */
  moveTo(conversationId) {
    save(draftKey(this.conversationId), null);
    this.conversationId = conversationId;
    this.#save();
  }

  /** The server has it: only now the draft goes, and what was typed since stays. */
  accepted() {
    const { message } = this.pending;
    this.pending = null;
    this.sentBefore = null;
    const text = this.field.value;
    this.field.value = text.trimStart().startsWith(message) ? text.trimStart().slice(message.length).trimStart() : text;
    this.#save();
    this.grow();
    this.#showSending(false);
  }

  /** It was not sent; the text stays and a new attempt is a new message. */
  refused(sentence) {
    this.pending = null;
    this.sentBefore = null;
    this.#save();
    this.#showSending(false);
    this.say(sentence, true);
  }
}
