// Stands in for static/chat/text/markdown.js in bench.browser: the whole text is rendered each time it has
// grown.
import { markdown } from "./dialect.js";
import { toFragment } from "./html.js";

export class MarkdownView {
  constructor(root) {
    this.root = root;
    this.counts = { flushes: 0, rendered: 0, swapped: 0 };
    this.text = "";
    this.isRaw = false;
  }

  update(text) {
    if (text === this.text) return;
    this.text = text;
    this.counts.flushes += 1;
    this.root.replaceChildren(toFragment(markdown.render(text)));
  }

  finish(text) {
    this.update(text);
  }
}
