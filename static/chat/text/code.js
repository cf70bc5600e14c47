// Code of an answer: its frame with language, line wrapping and copying, and its colours.
import hljs from "../../vendor/highlight.js/highlight.min.js";
import { copyWithMark } from "../../webox/clipboard.js";
import { el, icon, iconButton } from "../../webox/dom.js";
import { gettext } from "../../webox/i18n.js";
import { toFragment } from "./html.js";

// Colouring a longer listing would hold the page for more than a frame or two.
const HIGHLIGHT_CHARS = 30_000;
// Where highlight.js names several languages at once, or the one it takes for it.
const NAMES = {
  html: "HTML",
  xhtml: "XHTML",
  xml: "XML",
  svg: "SVG",
  sh: "Shell",
  shell: "Shell",
  console: "Shell",
  zsh: "Zsh",
  toml: "TOML",
  ini: "INI",
  jsx: "JSX",
  tsx: "TSX",
  jsonc: "JSON",
  latex: "LaTeX",
  tex: "TeX",
  dockerfile: "Dockerfile",
  powershell: "PowerShell",
  ps1: "PowerShell",
  vue: "Vue",
  svelte: "Svelte",
  dart: "Dart",
  scala: "Scala",
  mermaid: "Mermaid",
};

/** How people write the language of a fence: “py” is Python, an unknown one stays as it is. */
function languageName(written) {
  const known = hljs.getLanguage(written);
  if (written === "" || known?.name === "Plain text") return gettext("Text");
  return NAMES[written.toLowerCase()] ?? known?.name ?? written;
}

const languageOf = (code) => /language-(\S+)/.exec(code.className)?.[1] ?? "";

/** Put a `pre` of an answer into its frame. */
export function frameCode(pre) {
  const code = pre.querySelector("code");
  const copy = el(
    "button",
    { type: "button", class: "btn btn-quiet code-copy" },
    icon("copy"),
    gettext("Copy"),
  );
  copy.addEventListener("click", () => copyWithMark(copy, code.textContent));
  const wrap = iconButton(
    "wrap",
    gettext("Wrap long lines"),
    () => {
      wrap.setAttribute("aria-pressed", String(frame.classList.toggle("wrapped")));
    },
    { class: "icon-btn code-wrap", "aria-pressed": "false" },
  );
  const frame = el(
    "div",
    { class: "code" },
    el(
      "div",
      { class: "code-head" },
      el("span", { class: "code-language", text: languageName(languageOf(code)) }),
      wrap,
      copy,
    ),
  );
  pre.replaceWith(frame);
  pre.tabIndex = 0;
  frame.append(pre);
}

/** Colour code that will not change any more. */
export function highlight(code) {
  const language = languageOf(code);
  const text = code.textContent;
  if (!language || !hljs.getLanguage(language) || text.length > HIGHLIGHT_CHARS) return;
  code.replaceChildren(toFragment(hljs.highlight(text, { language, ignoreIllegals: true }).value));
}
