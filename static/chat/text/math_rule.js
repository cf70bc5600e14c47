// Which pieces of Markdown are formulas: `$…$`, `\(…\)`, `$$…$$`, `\[…\]`. A plugin for markdown-it; nothing
// here draws.
//
// The plugins there are let an open `$$` swallow the rest of the text and take “$5 (or 5$)” for a formula.
// Here a formula
// ends before the next blank line or is none, and `env.growing` tells an open one, which may still be closed,
// from text.
const DISPLAY = [
  { open: "$$", close: "$$" },
  { open: "\\[", close: "\\]" },
];
// Longer ones are no formulas; it also bounds how often a hostile text is searched again.
const MAX_LINES = 100;

const LETTERS_ONLY = /^[\p{L}\p{M}\p{N}\s.,:;'’&–-]*$/u;
const TWO_WORDS = /\p{L}{3,}[\s,.;:]+\p{L}{3,}/u;
const WORD_AFTER_NUMBER = /[\s(](?:\p{L}{2,}|[À-ÿ])\s/u;
const TEX_LIKE = /[\\^_{}=*]/;
const OPERATOR = /[\\^_{}=*+/<>|]/;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;

/** What `tex` says outside its commands and their arguments: where prose would stand. */
const bare = (tex) => tex.replace(/\\[a-zA-Z]+\s*(?:\{[^{}]*\})*/g, " ");

/** “[citation needed]” and “[1]”, escaped by a careful writer. */
const isBracketed = (tex) => /^\d+$/.test(tex) || (tex.length > 1 && LETTERS_ONLY.test(tex));

/** Prices and shell variables between two dollar signs. */
function isProse(tex) {
  if (!/^[-+–]?\d/.test(tex)) return TWO_WORDS.test(bare(tex));
  return WORD_AFTER_NUMBER.test(bare(tex)) || (/\p{L}/u.test(tex) && /\s/.test(tex) && !OPERATOR.test(tex));
}

/** Where `close` next stands in `text` from `at` on, not behind a backslash of its own; -1 for nowhere. */
function findClose(text, close, at) {
  for (let found = text.indexOf(close, at); found >= 0; found = text.indexOf(close, found + 1)) {
    let slashes = found;
    while (slashes > at && text[slashes - 1] === "\\") slashes -= 1;
    if ((found - slashes) % 2 === 0) return found;
  }
  return -1;
}

/** The last line of a formula that begins on `first`: {line, open}, or null where there is none. */
function endOfBlock(state, { close }, first, end) {
  const growing = state.env.growing && end >= state.bMarks.length - 1;
  for (let line = first; line < Math.min(end, first + MAX_LINES); line += 1) {
    const start = state.bMarks[line] + state.tShift[line];
    const max = state.eMarks[line];
    if (line > first && state.isEmpty(line))
      return growing && max === state.src.length ? { line, open: true } : null;
    if (line > first && state.sCount[line] < state.blkIndent) return null;
    const text = state.src.slice(line === first ? start + close.length : start, max);
    const at = findClose(text, close, 0);
    if (at >= 0) return text.slice(at + close.length).trim() === "" ? { line, open: false } : null;
  }
  return growing && end - first <= MAX_LINES ? { line: end - 1, open: true } : null;
}

function displayBlock(state, first, end, silent) {
  const start = state.bMarks[first] + state.tShift[first];
  const pair = DISPLAY.find(({ open }) => state.src.startsWith(open, start));
  if (!pair || state.sCount[first] - state.blkIndent >= 4 || state.src.startsWith("$$$", start)) return false;
  const found = endOfBlock(state, pair, first, end);
  if (!found) return false;
  const written = state.getLines(first, found.line + 1, state.sCount[first], false).trim();
  const tex = written.slice(2, found.open ? undefined : -2).trim();
  if (!found.open && (tex === "" || (pair.open === "\\[" ? isBracketed(tex) : isProse(tex)))) return false;
  if (silent) return true;
  state.line = found.line + 1;
  const token = state.push(found.open ? "math_open" : "math_block", "", 0);
  Object.assign(token, { block: true, content: written, markup: pair.open, map: [first, state.line] });
  return true;
}

/** Show the rest of a text that still grows as it is written: in a moment it is a formula. */
function showOpen(state, silent) {
  if (!state.env.tail) return false;
  if (!silent) state.pending += state.src.slice(state.pos, state.posMax);
  state.pos = state.posMax;
  return true;
}

function push(state, end, markup, silent) {
  if (!silent) {
    const token = state.push("math_inline", "", 0);
    token.content = state.src.slice(state.pos, end);
    token.markup = markup;
  }
  state.pos = end;
  return true;
}

function asText(state, count, silent) {
  if (!silent) state.pending += "$".repeat(count);
  state.pos += count;
  return true;
}

/** Whether a text behind a dollar sign looks like a formula that is being written, and not like a price. */
const mayBeOpen = (text) =>
  /^[^\d\s]/.test(text) && TEX_LIKE.test(text) && !text.includes("`") && !isProse(text);

const runOf = (src, at) => /\$*/y.exec(src.slice(at, at + 3))[0].length;

function dollars(state, silent) {
  const { src, pos, posMax } = state;
  const run = runOf(src, pos);
  if (run > 2) return asText(state, run, silent);
  const mark = "$".repeat(run);
  const mayOpen = run === 2 || (!LETTER_OR_DIGIT.test(src[pos - 1] ?? "") && /\S/.test(src[pos + 1] ?? " "));
  if (!mayOpen) return asText(state, run, silent);
  const close = findClose(src, mark, pos + run);
  if (close < 0 || close + run > posMax) {
    return (mayBeOpen(src.slice(pos + run, posMax)) && showOpen(state, silent)) || asText(state, run, silent);
  }
  const tex = src.slice(pos + run, close);
  const mayClose =
    runOf(src, close) === run &&
    (run === 2 || (/\S$/.test(tex) && !LETTER_OR_DIGIT.test(src[close + 1] ?? "")));
  // A code span binds tighter than a dollar sign.
  if (!mayClose || tex.trim() === "" || tex.includes("`") || isProse(tex)) return asText(state, run, silent);
  return push(state, close + run, mark, silent);
}

function slashed(state, silent) {
  const { src, pos, posMax } = state;
  const open = src.slice(pos, pos + 2);
  const close = { "\\(": "\\)", "\\[": "\\]" }[open];
  if (!close) return false;
  // Searched once to its end, a text that does not close one closes none that begins later.
  const never = (state.neverClosed ??= new Set());
  const end = never.has(close) ? -1 : findClose(src, close, pos + 2);
  if (end < 0) never.add(close);
  if (end < 0 || end + 2 > posMax) return showOpen(state, silent);
  const tex = src.slice(pos + 2, end).trim();
  if (tex === "" || tex.includes("`") || (open === "\\[" && isBracketed(tex))) return false;
  return push(state, end + 2, open, silent);
}

/**
 * Mark the text at the very end of a document that still grows: there alone an open formula may yet be
 * closed.
 */
function inlineAll(state) {
  const lines = state.src.split("\n").length;
  for (const token of state.tokens) {
    if (token.type !== "inline") continue;
    state.env.tail = Boolean(state.env.growing) && token.map !== null && token.map[1] >= lines - 1;
    state.md.inline.parse(token.content, state.md, state.env, token.children);
  }
}

/**
 * The plugin. Tokens `math_inline`, `math_block` and `math_open` hold the formula as it is written, with its
 * signs.
 */
export function mathRule(markdown) {
  markdown.block.ruler.before("fence", "math", displayBlock, {
    alt: ["paragraph", "reference", "blockquote", "list"],
  });
  markdown.inline.ruler.before("escape", "math", (state, silent) => {
    const sign = state.src[state.pos];
    if (sign === "$") return dollars(state, silent);
    return sign === "\\" && slashed(state, silent);
  });
  markdown.core.ruler.at("inline", inlineAll);
}

/** TeX of a formula as it is written, and whether it stands by itself: {tex, display}. */
export function unwrap(written) {
  const length = written.startsWith("$") && !written.startsWith("$$") ? 1 : 2;
  return {
    tex: written.slice(length, -length).trim(),
    display: written.startsWith("$$") || written.startsWith("\\["),
  };
}
