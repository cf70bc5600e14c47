// The field, its draft and the send button. It is never locked: the next question can be written at any time.
import { setText } from "../webox/dom.js";
import { fill, gettext, ngettext, number } from "../webox/i18n.js";
import { load, save } from "../webox/storage.js";
import { codePoints } from "./codepoints.js";
import { ImageTray, imagesOf } from "./images.js";

const draftKey = (conversationId) => `webox.draft.${conversationId ?? "new"}`;

/** A random id, also where the page is not a secure context and `randomUUID` is missing. */
export function newClientId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether two lists of ids are the same. */
const same = (one, other) => (one ?? []).join() === (other ?? []).join();

export class Composer {
  #isWaiting = false;

  /**
   * `parts`: form, field, button, note, hint, attach, file, tray. `limits`: message_chars, images, upload_bytes.
   * `onSend({message, targets, attachments, client_id})` when the person sends, `tell(text)` for screen readers.
   */
  constructor(parts, { conversationId, picker, limits, errors, onSend, tell }) {
    Object.assign(this, { ...parts, conversationId, picker, limits, onSend });
    this.pending = null;
    const draft = load(draftKey(conversationId), null);
    // A draft that was sent just before a reload keeps its id: sending it again is then the same message.
    this.sentBefore = draft?.sent ?? null;
    this.field.value = draft?.text ?? "";
    this.images = null;
    this.images = new ImageTray(
      { list: this.tray, opener: this.attach },
      { limits, errors, saved: draft?.images ?? [], onChange: () => this.#save(), onError: (text) => this.say(text, true), say: tell },
    );
    this.#listen();
    this.grow();
    this.showCount();
  }

  #listen() {
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
    this.field.addEventListener("paste", (event) => {
      if (this.#addFrom(event.clipboardData)) event.preventDefault();
    });
    this.attach.addEventListener("click", () => this.file.click());
    this.file.addEventListener("change", () => {
      this.#add([...this.file.files]);
      this.file.value = "";
    });
    this.#listenToDrops();
  }

  /** Dropped anywhere on the page: a browser would leave the page for the image. */
  #listenToDrops() {
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    const mark = (on) => this.form.toggleAttribute("data-drop", on);
    document.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      mark(true);
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget === null && mark(false));
    document.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      mark(false);
      this.#add([...event.dataTransfer.files]);
    });
  }

  #addFrom(transfer) {
    const files = imagesOf(transfer);
    if (files.length > 0) this.#add(files);
    return files.length > 0;
  }

  #add(files) {
    this.say("");
    this.images.add(files);
    this.field.focus();
  }

  #typed() {
    this.grow();
    this.say("");
    this.#save();
  }

  #save() {
    // The tray tells of what it restored before there is one.
    if (this.images === null) return;
    const text = this.field.value;
    const images = this.images.records;
    const isEmpty = text === "" && images.length === 0;
    save(draftKey(this.conversationId), isEmpty ? null : { text, images, sent: this.pending ?? this.sentBefore });
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

  get targets() {
    return [...this.picker.selected];
  }

  get context() {
    return "own";
  }

  setTargets(targets) {
    this.picker.selected = targets;
  }

  focus() {
    this.field.focus();
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
    if (this.pending || this.#isWaiting || (message === "" && this.images.count === 0)) return;
    const targets = [...this.picker.selected];
    const obstacle = this.#obstacle(message, targets);
    if (obstacle) {
      this.say(obstacle, true);
      return;
    }
    if (this.images.isBusy) {
      this.#waitForImages();
      return;
    }
    const attachments = this.images.records.map((record) => record.id);
    const again = this.sentBefore;
    const isSame = again && again.message === message && same(again.targets, targets) && same(again.attachments, attachments);
    this.pending = { message, targets, attachments, client_id: isSame ? again.client_id : newClientId() };
    this.#save();
    this.#showSending(true);
    this.say("");
    this.onSend(this.pending);
  }

  /** Why this can’t be sent, in a sentence. */
  #obstacle(message, targets) {
    if (message === "") return gettext("Write a question about the images.");
    if (targets.length === 0) return gettext("Choose at least one AI.");
    const limit = this.limits.message_chars;
    if (codePoints(message) > limit) return fill(gettext("The message is too long: %(limit)s characters at the most."), { limit: number(limit) });
    return "";
  }

  /** The question goes as soon as its images have arrived; one that fails keeps it here. */
  async #waitForImages() {
    this.#isWaiting = true;
    this.#showSending(true);
    this.say(gettext("Waiting for the images. The question goes right after them."));
    const arrived = await this.images.settled();
    this.#isWaiting = false;
    this.#showSending(false);
    if (arrived) this.submit();
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
    const { message, attachments } = this.pending;
    this.pending = null;
    this.sentBefore = null;
    this.images.drop(attachments);
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
