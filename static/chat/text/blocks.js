// Markdown of an answer as a list of top-level blocks, some of them final while the text still grows. No DOM
// here.
import { markdown } from "./dialect.js";

const MATH = { math_open: "open", math_block: "closed" };

const offsetsOf = (text) => {
  const offsets = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) offsets.push(at + 1);
  return offsets;
};

/**
 * The top-level blocks of `text`: [{tokens, start, end, fence, math}], offsets into the text.
 *
 * `fence` is null, or {info, marker, open, from} of a top-level code fence: `open` until its closing line is
 * whole, `from` is where its content starts. `math` is null, "open" or "closed", of a top-level formula.
 * With `growing`, more text may come: an open formula is shown as it is written.
 */
export function parseBlocks(text, { growing = false } = {}) {
  const tokens = markdown.parse(text, { growing });
  const offsets = offsetsOf(text);
  const at = (line) => (line < offsets.length ? offsets[line] : text.length);
  const blocks = [];
  for (let first = 0; first < tokens.length; ) {
    let last = first;
    for (let depth = tokens[first].nesting; depth > 0; depth += tokens[last].nesting) last += 1;
    const [from, to] = tokens[first].map;
    const block = {
      tokens: tokens.slice(first, last + 1),
      start: at(from),
      end: at(to),
      fence: null,
      math: MATH[tokens[first].type] ?? null,
    };
    if (tokens[first].type === "fence") block.fence = fenceOf(tokens[first], text, at(from + 1), block.end);
    blocks.push(block);
    first = last + 1;
  }
  return blocks;
}

function fenceOf(token, text, from, end) {
  const marker = token.markup;
  const closer = closerOf(marker);
  const lines = text.slice(from, end).split("\n");
  const whole = text.endsWith("\n") || end < text.length ? lines : lines.slice(0, -1);
  return { info: token.info.trim(), marker, from, open: !whole.some((line) => closer.test(line)) };
}

/** A line that closes a fence opened with `marker`. */
export const closerOf = (marker) => new RegExp(`^ {0,3}${marker[0]}{${marker.length},}[ \\t]*$`);

/** A last line that may still become one. */
export const mayClose = (line) => /^ {0,3}[`~]*[ \t]*$/.test(line);

/**
 * How many of these blocks no further text can change: those whose successor’s first line is whole, and a
 * fence or
 * a formula whose closing line is. What stands before an open formula may still take its lines in.
 * (A reference defined later can change a block, too: the full parse at the end sees to that.)
 */
export function finalBlocks(blocks, text) {
  const isClosed = ({ fence, math, end }) =>
    fence ? !fence.open : math === "closed" && text[end - 1] === "\n";
  const hasBegun = (block) => (block.math ? isClosed(block) : text.indexOf("\n", block.start) >= 0);
  let count = 0;
  blocks.forEach((block, index) => {
    const next = blocks[index + 1];
    if (isClosed(block) || (next && hasBegun(next))) count = index + 1;
  });
  return count;
}

/** HTML of one block, as `html.js` wants it. */
export const renderBlock = (block) => markdown.renderer.render(block.tokens, markdown.options, {});
