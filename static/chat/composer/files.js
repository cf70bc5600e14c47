// Text files of the question that is being written: they go along inside its text, so that every AI reads
// them.
import { el, icon, iconButton } from "../../webox/dom.js";
import { fill, gettext, number } from "../../webox/i18n.js";
import { codePoints } from "../live/codepoints.js";
import { textIn } from "../text/file_blocks.js";

// Longer ones would not fit in any message.
const MOST_BYTES = 1_000_000;

export class FileTray {
  #files = [];

  /**
   * `list` is where they are shown, `opener` what gets the focus when one is gone; `onError(sentence)`,
   * `onUnfold(text)`.
   */
  constructor({ list, opener }, { saved, onChange, onError, onUnfold, say }) {
    Object.assign(this, { list, opener, onChange, onError, onUnfold, say });
    this.#files = saved;
    this.#show();
  }

  /** {name, text, isPasted} of each, in order. */
  get records() {
    return this.#files;
  }

  async add(files) {
    for (const file of files) {
      const text = file.size > MOST_BYTES ? null : textIn(await file.arrayBuffer());
      if (file.size > MOST_BYTES)
        this.onError(fill(gettext("%(name)s is too long for a message."), { name: file.name }));
      else if (text === null)
        this.onError(
          fill(gettext("%(name)s is neither text nor an image that AIs can read."), { name: file.name }),
        );
      else this.#put({ name: file.name, text, isPasted: false });
    }
  }

  /** A long text that was pasted: beside the question it leaves the field readable. */
  addPasted(text) {
    this.#put({ name: gettext("Pasted text"), text, isPasted: true });
  }

  drop(records) {
    this.#files = this.#files.filter((file) => !records.includes(file));
    this.#show();
    this.onChange();
  }

  #put(file) {
    this.#files = [...this.#files, file];
    this.#show();
    this.onChange();
    this.say(fill(gettext("%(name)s added."), { name: file.name }));
  }

  #show() {
    this.list.replaceChildren(...this.#files.map((file) => this.#tile(file)));
    this.list.hidden = this.#files.length === 0;
  }

  #tile(file) {
    const size = fill(gettext("%(count)s characters"), { count: number(codePoints(file.text)) });
    const back = el("button", {
      type: "button",
      class: "btn btn-quiet",
      text: gettext("Into the field"),
      on: { click: () => this.#unfold(file) },
    });
    const remove = iconButton("cross", fill(gettext("Remove %(name)s"), { name: file.name }), () => {
      this.drop([file]);
      this.opener.focus();
    });
    return el(
      "li",
      { class: "tray-file" },
      icon("file"),
      el("span", { class: "tray-name" }, el("b", { text: file.name }), el("small", { text: size })),
      file.isPasted ? back : null,
      remove,
    );
  }

  #unfold(file) {
    this.drop([file]);
    this.onUnfold(file.text);
  }
}
