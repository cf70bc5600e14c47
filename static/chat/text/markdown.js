// The text of an answer on the page: rendered, or the Markdown as it was written.
import { el } from "../../webox/dom.js";
import { keepPlace } from "./keep_place.js";
import { RenderedText } from "./rendered.js";

export class MarkdownView {
  /**
   * Shows into `root`. `counts` tell tests what was done; `swapped` counts final blocks that the last parse
   * changed.
   */
  constructor(root) {
    this.root = root;
    this.counts = { flushes: 0, rendered: 0, swapped: 0 };
    this.text = "";
    this.ended = false;
    this.source = null;
    this.rendered = new RenderedText(root, this.counts);
  }

  get isRaw() {
    return this.source !== null;
  }

  /** Show a text that may still grow. */
  update(text) {
    if (text === this.text && !this.ended) return;
    this.counts.flushes += 1;
    this.#take(text, false);
  }

  /** Show a text that will not change any more. */
  finish(text) {
    this.#take(text, true);
  }

  /**
   * Show the Markdown itself, or the text again; what was read stays where it is. May be switched at any
   * moment.
   */
  setRaw(isRaw) {
    if (isRaw === this.isRaw) return;
    keepPlace(this, () => {
      if (isRaw) {
        this.source = document.createTextNode("");
        this.root.replaceChildren(el("pre", { class: "raw" }, this.source));
      } else {
        this.source = null;
        this.root.replaceChildren(...this.rendered.blocks.map((block) => block.node));
      }
      this.#show();
    });
  }

  #take(text, ended) {
    this.text = text;
    this.ended = ended;
    this.#show();
  }

  #show() {
    if (this.source) this.#showSource();
    else if (this.ended) this.rendered.finish(this.text);
    else this.rendered.update(this.text);
  }

  #showSource() {
    const { data } = this.source;
    if (this.text.startsWith(data)) this.source.appendData(this.text.slice(data.length));
    else this.source.data = this.text;
  }
}
