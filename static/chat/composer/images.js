// The images of the question that is being written: each is sent at once and waits on the server for the
// question.
import { api, upload } from "../../webox/api.js";
import { el, iconButton } from "../../webox/dom.js";
import { fill, gettext, number } from "../../webox/i18n.js";

const TYPES = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);
const MB = 1024 * 1024;
const ADDRESS = "/api/chat/attachments";

/** The image files among what was pasted or dropped; text that came along is what the person meant. */
export function imagesOf(transfer) {
  if (!transfer || transfer.types.includes("text/plain")) return [];
  return [...transfer.files].filter((file) => file.type.startsWith("image/"));
}

/** A picture’s bytes as an address of their own: the page’s policy lets no other local address in. */
function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}

export class ImageTray {
  #items = [];

  /**
   * `list` is where they are shown, `opener` the button that gets the focus when one is gone. `limits`:
   * images,
   * upload_bytes. `errors`: sentences by code. `onChange()` after each change, `onError(sentence)`,
   * `say(text)`.
   */
  constructor({ list, opener }, { limits, errors, saved, onChange, onError, say }) {
    Object.assign(this, { list, opener, limits, errors, onChange, onError, say });
    for (const record of saved) this.#restore(record);
    this.#show();
  }

  /** The records of those that are on the server, in order. */
  get records() {
    return this.#items.filter((item) => item.record).map((item) => item.record);
  }

  get count() {
    return this.#items.length;
  }

  get isBusy() {
    return this.#items.some((item) => !item.record);
  }

  /** Wait for those under way; true when every one of them arrived. */
  async settled() {
    const ended = await Promise.all(this.#items.map((item) => item.done));
    return ended.every(Boolean);
  }

  add(files) {
    for (const file of files) {
      const error = this.#refusal(file);
      if (error) this.onError(error);
      else this.#send(file);
    }
    this.#show();
  }

  /** Those of a question that was sent are no longer of this one. */
  drop(ids) {
    this.#items = this.#items.filter((item) => !ids.includes(item.record?.id));
    this.#show();
  }

  /** What the server would say, without sending it all. */
  #refusal(file) {
    const { images, upload_bytes } = this.limits;
    if (this.#items.length >= images) return fill(this.errors.too_many_images, { limit: number(images) });
    if (!TYPES.has(file.type)) return this.errors.not_an_image;
    if (file.size > upload_bytes)
      return fill(this.errors.upload_too_large, { limit_mb: number(upload_bytes / MB) });
    return "";
  }

  #restore(record) {
    const item = this.#item(record.url);
    Object.assign(item, { record, done: Promise.resolve(true) });
    item.progress.remove();
    // An image that waited for too long is gone.
    item.image.addEventListener("error", () => this.#fail(item, this.errors.attachment_not_found));
  }

  #item(address) {
    const image = el("img", { alt: "" });
    if (address) image.src = address;
    const progress = el("progress", { max: "1", value: "0", "aria-label": gettext("Sending the image") });
    const item = { image, progress, record: null, abort: new AbortController() };
    const remove = iconButton("cross", gettext("Remove the image"), () => this.#remove(item));
    item.node = el("li", { class: "tray-image" }, image, progress, remove);
    this.#items.push(item);
    return item;
  }

  #send(file) {
    const item = this.#item("");
    dataUrl(file)
      .then((address) => (item.image.src = address))
      .catch(() => {});
    item.done = this.#upload(item, file);
  }

  async #upload(item, file) {
    const onProgress = (share) => (item.progress.value = share);
    try {
      item.record = await upload(ADDRESS, file, { onProgress, signal: item.abort.signal });
    } catch (error) {
      if (item.abort.signal.aborted) return true;
      this.#fail(item, error.sentence);
      return false;
    }
    item.progress.remove();
    this.say(gettext("Image added."));
    this.onChange();
    return true;
  }

  #fail(item, sentence) {
    this.#forget(item);
    this.onError(sentence);
  }

  #remove(item) {
    item.abort.abort();
    this.#forget(item);
    this.opener.focus();
    // If this fails, the server forgets it by itself after a day.
    if (item.record) api("DELETE", `${ADDRESS}/${item.record.id}`).catch(() => {});
  }

  #forget(item) {
    this.#items = this.#items.filter((other) => other !== item);
    this.#show();
  }

  #show() {
    this.#items.forEach(({ image }, index) => {
      image.alt = fill(gettext("Image %(number)s"), { number: number(index + 1) });
    });
    this.list.replaceChildren(...this.#items.map((item) => item.node));
    this.list.hidden = this.#items.length === 0;
    this.onChange();
  }
}
