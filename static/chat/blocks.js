// Markdown of an answer as a list of top-level blocks, some of them final while the text still grows. No DOM here.
import MarkdownIt from "../vendor/markdown-it/markdown-it.esm.min.mjs";
import { fill, gettext } from "../webox/i18n.js";

const SAFE_LINK = /^(https?:|mailto:)/i;

export const markdown = new MarkdownIt("default", { html: false, linkify: true, typographer: false });
markdown.validateLink = (url) => SAFE_LINK.test(url.trim());
// Only what is written with its scheme becomes a link: “README.md” is a file, not a site.
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });

markdown.core.ruler.push("webox", (state) => {
  for (const token of state.tokens) {
    alignByClass(token);
    demoteHeading(token);
  }
});

/** The policy forbids style attributes; an alignment is a class of ours. */
function alignByClass(token) {
  const style = token.attrGet?.("style");
  if (!style) return;
  token.attrs = token.attrs.filter(([name]) => name !== "style");
  token.attrJoin("class", `align-${style.replace("text-align:", "")}`);
}

/** The page owns h1 and h2; what an answer calls so looks larger, but is an h3 like its most usual headings. */
function demoteHeading(token) {
  if (token.type !== "heading_open" && token.type !== "heading_close") return;
  const level = Number(token.tag[1]);
  if (level < 3 && token.nesting === 1) token.attrJoin("class", "major");
  token.tag = `h${Math.max(3, level)}`;
}

markdown.renderer.rules.link_open = (tokens, index, options, env, renderer) => {
  tokens[index].attrSet("target", "_blank");
  tokens[index].attrSet("rel", "noopener noreferrer nofollow");
  return renderer.renderToken(tokens, index, options);
};

/** An image is never fetched: the address alone could carry a secret out. A link says where it would come from. */
markdown.renderer.rules.image = (tokens, index) => {
  const address = tokens[index].attrGet("src") ?? "";
  const host = URL.canParse(address) ? new URL(address).host : "";
  const label = fill(gettext("image: %(host)s"), { host: host || address });
  const { escapeHtml } = markdown.utils;
  return `<a href="${escapeHtml(address)}" target="_blank" rel="noopener noreferrer nofollow">${escapeHtml(label)}</a>`;
};

const offsetsOf = (text) => {
  const offsets = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) offsets.push(at + 1);
  return offsets;
};

/**
 * The top-level blocks of `text`: [{tokens, start, end, fence}], offsets into the text.
 *
 * `fence` is null, or {info, marker, open, from} of a top-level code fence: `open` until its closing line is
 * whole, `from` is where its content starts.
 */
export function parseBlocks(text) {
  const tokens = markdown.parse(text, {});
  const offsets = offsetsOf(text);
  const at = (line) => (line < offsets.length ? offsets[line] : text.length);
  const blocks = [];
  for (let first = 0; first < tokens.length; ) {
    let last = first;
    for (let depth = tokens[first].nesting; depth > 0; depth += tokens[last].nesting) last += 1;
    const [from, to] = tokens[first].map;
    const block = { tokens: tokens.slice(first, last + 1), start: at(from), end: at(to), fence: null };
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
 * How many of these blocks no further text can change: those whose successor’s first line is whole, and a fence
 * whose closing line is. (A reference defined later can: the full parse at the end sees to that.)
 */
export function finalBlocks(blocks, text) {
  let count = 0;
  blocks.forEach((block, index) => {
    const next = blocks[index + 1];
    const closed = block.fence !== null && !block.fence.open;
    if (closed || (next && text.indexOf("\n", next.start) >= 0)) count = index + 1;
  });
  return count;
}

/** HTML of one block, as `html.js` wants it. */
export const renderBlock = (block) => markdown.renderer.render(block.tokens, markdown.options, {});
