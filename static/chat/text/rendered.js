// Markdown on the page: whole blocks are rendered once and stay, only the last one grows.
import { el, icon } from "../../webox/dom.js";
import { gettext } from "../../webox/i18n.js";
import { closerOf, finalBlocks, mayClose, parseBlocks, renderBlock } from "./blocks.js";
import { frameCode, highlight } from "./code.js";
import { toFragment } from "./html.js";
import { drawMath } from "./math.js";

export class RenderedText {
  /** Renders into `root`; `counts` is counted up. */
  constructor(root, counts) {
    this.root = root;
    this.counts = counts;
    this.clear();
  }

  clear() {
    this.text = "";
    this.blocks = [];
    this.final = 0;
    this.tailStart = 0;
    this.fence = null;
    this.root.replaceChildren();
  }

  /** Show a text that may still grow. */
  update(text) {
    if (text === this.text) return;
    if (!text.startsWith(this.text)) this.clear();
    this.text = text;
    if (this.fence && this.#growFence()) return;
    const tail = text.slice(this.tailStart);
    const blocks = parseBlocks(tail, { growing: true });
    const final = finalBlocks(blocks, tail);
    this.#show(blocks, this.final, this.tailStart);
    for (let done = 0; done < final; done += 1) this.#freeze(this.blocks[this.final + done]);
    this.final += final;
    if (final > 0) this.tailStart += final < blocks.length ? blocks[final].start : blocks[final - 1].end;
    this.#watchFence(blocks.at(-1), text);
  }

  /**
   * Show a text that will not change any more: one parse of the whole, which replaces only what it finds
   * different.
   */
  finish(text) {
    if (!text.startsWith(this.text)) this.clear();
    this.text = text;
    this.fence = null;
    const final = this.final;
    const kept = this.blocks.slice(0, final).map((block) => block.node);
    this.#show(parseBlocks(text), 0, 0);
    this.counts.swapped += kept.filter((node, index) => this.blocks[index]?.node !== node).length;
    this.blocks.forEach((block) => this.#freeze(block));
    this.final = this.blocks.length;
    this.tailStart = text.length;
  }

  /** Make the blocks from `first` on look like these; one whose HTML is the same keeps its node. */
  #show(blocks, first, offset) {
    blocks.forEach((block, index) => {
      const html = renderBlock(block);
      const known = this.blocks[first + index];
      if (known?.html === html) {
        known.start = offset + block.start;
        return;
      }
      const fresh = { html, node: this.#render(html), frozen: false, start: offset + block.start };
      if (known) known.node.replaceWith(fresh.node);
      else this.root.append(fresh.node);
      this.blocks[first + index] = fresh;
    });
    for (const extra of this.blocks.splice(first + blocks.length)) extra.node.remove();
  }

  #render(html) {
    this.counts.rendered += 1;
    const node = el("div", { class: "block" }, toFragment(html));
    for (const table of node.querySelectorAll("table")) {
      const frame = el("div", {
        class: "table",
        role: "region",
        tabindex: "0",
        "aria-label": gettext("Table"),
      });
      table.replaceWith(frame);
      frame.append(table);
    }
    for (const pre of node.querySelectorAll("pre")) frameCode(pre);
    for (const link of node.querySelectorAll(".remote-image")) link.prepend(icon("image"));
    drawMath(node);
    return node;
  }

  #freeze(block) {
    if (block.frozen) return;
    block.frozen = true;
    block.node.classList.add("frozen");
    for (const code of block.node.querySelectorAll("pre > code")) highlight(code);
  }

  /** While a top-level fence is open its text is appended as text; nothing is parsed. */
  #watchFence(block, text) {
    const open = block?.fence?.open && text[this.tailStart + block.fence.from - 1] === "\n";
    if (!open) return;
    const last = this.blocks.at(-1);
    const content = document.createTextNode("");
    last.node.querySelector("code").replaceChildren(content);
    last.html = null;
    this.fence = { content, closer: closerOf(block.fence.marker), at: this.tailStart + block.fence.from };
    this.#growFence();
  }

  #growFence() {
    const { content, closer, at } = this.fence;
    const lineStart = this.text.lastIndexOf("\n") + 1;
    const whole = this.text.slice(at, Math.max(at, lineStart));
    if (whole.split("\n").some((line) => closer.test(line))) {
      this.fence = null;
      return false;
    }
    const last = this.text.slice(Math.max(at, lineStart));
    const held = mayClose(last);
    content.appendData(whole + (held ? "" : last));
    this.fence.at = held ? Math.max(at, lineStart) : this.text.length;
    return true;
  }
}
