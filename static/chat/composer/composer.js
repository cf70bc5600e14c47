// The field, its draft and the send button. It is never locked: the next question can be written at any time.
import { setText } from "../../webox/dom.js";
import { fill, gettext, ngettext, number } from "../../webox/i18n.js";
import { draftKey, load, save } from "../../webox/storage.js";
import { codePoints } from "../live/codepoints.js";
import { fromTarget } from "./targets.js";
import { withFiles } from "../text/file_blocks.js";
import { FileTray } from "./files.js";
import { ImageTray, imagesOf } from "./images.js";

// From so many characters on a pasted text stands beside the question.
const LONG_PASTE_CHARS = 8_000;

/** A random id, also where the page is not a secure context and `randomUUID` is missing. */
export function newClientId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** What makes two sends the same question. */
const contentOf = ({ message, targets, attachments, context }) =>
  JSON.stringify([message, targets, attachments, context]);

export class Composer {
  #isWaiting = false;
  #sent = null;

  /**
   * `parts`: form, field, button, note, hint, attach, file, tray, files. `limits`: message_chars, images,
   * upload_bytes.
   * `context` and `picker` are what they are called. `onSend({message, targets, attachments, context,
   * client_id})` when
   * the person sends, `onChange()` when what would be sent is another, `onEditLast()`, `tell(text)` for
   * screen readers.
   */
  constructor(
    parts,
    { conversationId, picker, context, limits, errors, onSend, onChange, onEditLast, tell },
  ) {
    Object.assign(this, {
      ...parts,
      conversationId,
      picker,
      contextChip: context,
      limits,
      onSend,
      onChange,
      onEditLast,
    });
    this.pending = null;
    const draft = load(draftKey(conversationId), null);
    // A draft that was sent just before a reload keeps its id: sending it again is then the same message.
    this.sentBefore = draft?.sent ?? null;
    this.field.value = draft?.text ?? "";
    this.images = null;
    const tray = { onChange: () => this.#save(), onError: (text) => this.say(text, true), say: tell };
    this.textFiles = new FileTray(
      { list: this.files, opener: this.attach },
      { ...tray, saved: draft?.files ?? [], onUnfold: (text) => this.#insert(text) },
    );
    this.images = new ImageTray(
      { list: this.tray, opener: this.attach },
      { ...tray, limits, errors, saved: draft?.images ?? [] },
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
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.field.addEventListener("input", () => this.#typed());
    this.field.addEventListener("paste", (event) => this.#paste(event));
    this.attach.addEventListener("click", () => this.file.click());
    this.file.addEventListener("change", () => {
      this.#add([...this.file.files]);
      this.file.value = "";
    });
    this.#listenToDrops();
  }

  #key(event) {
    // 229: a key that an input method takes, also where it does not say that it is composing.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "ArrowUp" && this.field.value === "" && !event.altKey && this.onEditLast())
      event.preventDefault();
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    this.submit();
  }

  #paste(event) {
    const images = imagesOf(event.clipboardData);
    const text = event.clipboardData.getData("text/plain");
    if (images.length === 0 && text.length <= LONG_PASTE_CHARS) return;
    event.preventDefault();
    if (images.length > 0) this.#add(images);
    else this.textFiles.addPasted(text);
  }

  /** Dropped anywhere on the page: a browser would leave the page for the file. */
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

  #add(files) {
    this.say("");
    const isImage = (file) => file.type.startsWith("image/") && file.type !== "image/svg+xml";
    this.images.add(files.filter(isImage));
    this.textFiles.add(files.filter((file) => !isImage(file)));
    this.field.focus();
  }

  #insert(text) {
    this.field.value = [this.field.value, text].filter(Boolean).join("\n\n");
    this.#typed();
    this.field.focus();
  }

  #typed() {
    this.grow();
    this.say("");
    this.#save();
  }

  #save() {
    // The trays tell of what they restored before all is there.
    if (this.images === null) return;
    const text = this.field.value;
    const images = this.images.records;
    const files = this.textFiles.records;
    const isEmpty = text === "" && images.length === 0 && files.length === 0;
    save(
      draftKey(this.conversationId),
      isEmpty ? null : { text, images, files, sent: this.pending ?? this.sentBefore },
    );
    this.onChange();
  }

  /** As tall as its text, up to what the style sheet allows. */
  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  /** What the next question is sent to. */
  get targets() {
    return this.picker.targets;
  }

  /** Let the next question go to these: strings or objects as the API takes them. */
  setTargets(targets) {
    this.picker.set(targets.map(fromTarget));
  }

  get context() {
    return this.contextChip.mode;
  }

  /** What would be sent now: its text with the files, and how many images. */
  get draft() {
    return {
      text: withFiles(this.field.value.trim(), this.textFiles.records),
      images: this.images?.count ?? 0,
    };
  }

  focus() {
    this.field.focus();
  }

  /** How many AIs, and with `estimate` (a phrase) what that takes. */
  showCount(estimate = "", title = "") {
    this.estimate = [estimate, title];
    const count = this.picker.ready.length;
    const label =
      count === 0
        ? gettext("No AI chosen")
        : fill(ngettext("%(count)s AI", "%(count)s AIs", count), { count: number(count) });
    setText(this.hint, estimate && count > 0 ? estimate : label);
    this.hint.title = title;
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
    const { text: message } = this.draft;
    if (this.pending || this.#isWaiting || (message === "" && this.images.count === 0)) return;
    const { targets, context } = this;
    const obstacle = this.#obstacle(message, targets);
    if (obstacle) {
      this.say(obstacle, true);
      return;
    }
    if (this.images.isBusy) {
      this.#waitForImages();
      return;
    }
    const asked = { message, targets, attachments: this.images.records.map((record) => record.id), context };
    const again = this.sentBefore;
    const isSame = again && contentOf(again) === contentOf(asked);
    this.pending = { ...asked, client_id: isSame ? again.client_id : newClientId() };
    this.#sent = { text: this.field.value.trim(), files: [...this.textFiles.records] };
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
    if (codePoints(message) > limit)
      return fill(gettext("The message is too long: %(limit)s characters at the most."), {
        limit: number(limit),
      });
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
    else this.showCount(...this.estimate);
  }

  /** The message got a conversation: the draft moves there. */
  moveTo(conversationId) {
    save(draftKey(this.conversationId), null);
    this.conversationId = conversationId;
    this.#save();
  }

  /** The server has it: only now the draft goes, and what was typed since stays. */
  accepted() {
    const { attachments } = this.pending;
    const { text: sent, files } = this.#sent;
    this.pending = null;
    this.sentBefore = null;
    this.images.drop(attachments);
    this.textFiles.drop(files);
    const text = this.field.value.trimStart();
    this.field.value = text.startsWith(sent) ? text.slice(sent.length).trimStart() : this.field.value;
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
