// The Markdown that AIs write, as WeBox reads it: HTML stays text, links are safe and say where they go,
// images wait.
import MarkdownIt from "../../vendor/markdown-it/markdown-it.esm.min.mjs";
import { fill, gettext } from "../../webox/i18n.js";
import { mathRule } from "./math_rule.js";

const SAFE_LINK = /^(https?:|mailto:)/i;
const TASK = /^\[([ xX])\]\s+/;
const OUTSIDE = 'target="_blank" rel="noopener noreferrer nofollow"';

export const markdown = new MarkdownIt("default", { html: false, linkify: true, typographer: false });
markdown.validateLink = (url) => SAFE_LINK.test(url.trim());
// Only what is written with its scheme becomes a link: “README.md” is a file, not a site.
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
markdown.use(mathRule);
const { escapeHtml } = markdown.utils;

markdown.core.ruler.push("webox", (state) => {
  state.tokens.forEach((token, index) => {
    alignByClass(token);
    demoteHeading(token);
    if (token.type === "th_open") token.attrSet("scope", "col");
    if (token.type !== "inline") return;
    markTask(token, state.tokens[index - 2]);
    nameTargets(token.children);
  });
});

/** The policy forbids style attributes; an alignment is a class of ours. */
function alignByClass(token) {
  const style = token.attrGet?.("style");
  if (!style) return;
  token.attrs = token.attrs.filter(([name]) => name !== "style");
  token.attrJoin("class", `align-${style.replace("text-align:", "")}`);
}

/**
 * The page owns h1 and h2; what an answer calls so looks larger, but is an h3 like its most usual headings.
 */
function demoteHeading(token) {
  if (token.type !== "heading_open" && token.type !== "heading_close") return;
  const level = Number(token.tag[1]);
  if (level < 3 && token.nesting === 1) token.attrJoin("class", "major");
  token.tag = `h${Math.max(3, level)}`;
}

/** “- [x] done”: a box in place of the bullet, as a character that can be read and copied. */
function markTask(inline, item) {
  const first = inline.children[0];
  const [written, mark] =
    (item?.type === "list_item_open" && first?.type === "text" && TASK.exec(first.content)) || [];
  if (!written) return;
  item.attrJoin("class", "task");
  first.content = `${mark === " " ? "☐" : "☑"} ${first.content.slice(written.length)}`;
}

/** Where an address leads: its host, or to whom a letter goes; what cannot be read, as it is. */
function targetOf(address) {
  if (!URL.canParse(address)) return address;
  const { host, pathname } = new URL(address);
  return host || pathname;
}

/** A link whose text is not the very place it leads to says it, before whatever title its author gave. */
function nameTargets(children) {
  // An address in angle brackets may stand inside of a link.
  const open = [];
  for (const token of children) {
    if (token.type === "link_open") open.push({ link: token, text: "" });
    else if (token.type === "link_close") nameTarget(open.pop());
    else if (open.length > 0) {
      for (const outer of open) outer.text += token.content;
      if (token.type === "image") token.meta = { linked: true };
    }
  }
}

function nameTarget({ link, text }) {
  const target = targetOf(link.attrGet("href"));
  const shown = text
    .trim()
    .toLowerCase()
    .replace(/^(https?:\/\/|mailto:)/, "")
    .split(/[/?#]/)[0];
  if (shown !== target) link.attrSet("title", [target, link.attrGet("title")].filter(Boolean).join(" · "));
}

const { rules } = markdown.renderer;

rules.link_open = (tokens, index, options, _env, renderer) => {
  tokens[index].attrSet("target", "_blank");
  tokens[index].attrSet("rel", "noopener noreferrer nofollow");
  return renderer.renderToken(tokens, index, options);
};

/**
 * An image is never fetched by itself: its address alone could carry a secret out. A click opens it
 * elsewhere.
 */
rules.image = (tokens, index, options, env, renderer) => {
  const token = tokens[index];
  const address = token.attrGet("src") ?? "";
  const host = targetOf(address);
  const words = renderer.renderInlineAsText(token.children ?? [], options, env);
  if (token.meta?.linked) return escapeHtml(words || fill(gettext("image: %(host)s"), { host }));
  const parts = [
    `<span class="image-host">${escapeHtml(fill(gettext("Show image from %(host)s"), { host }))}</span>`,
    words && `<span class="image-words">${escapeHtml(words)}</span>`,
    `<span class="image-note">${escapeHtml(gettext("Opens in a new tab. The site will learn that you are reading this."))}</span>`,
  ];
  return `<a class="remote-image" href="${escapeHtml(address)}" ${OUTSIDE}>${parts.filter(Boolean).join(" ")}</a>`;
};

// A formula is its source until it is drawn, and stays so where it cannot be.
rules.math_inline = (tokens, index) => `<span class="math">${escapeHtml(tokens[index].content)}</span>`;
rules.math_block = (tokens, index) => `<p class="math">${escapeHtml(tokens[index].content)}</p>\n`;
rules.math_open = (tokens, index) => `<p>${escapeHtml(tokens[index].content)}</p>\n`;
