// The one place where a string becomes HTML. The page’s policy allows no other Trusted Types policy than this
// one.
import createPurify from "../../vendor/dompurify/purify.es.mjs";

// DOMPurify itself hands the string to the parser through the policy; nobody else can reach it.
const policy = globalThis.trustedTypes?.createPolicy("webox", {
  createHTML: (html) => html,
  createScriptURL: () => "",
});

const TAGS = [
  "a",
  "blockquote",
  "br",
  "code",
  "del",
  "em",
  "h3",
  "h4",
  "h5",
  "h6",
  "hr",
  "li",
  "ol",
  "p",
  "pre",
  "s",
  "span",
  "strong",
  "table",
  "tbody",
  "td",
  "th",
  "thead",
  "tr",
  "ul",
];

const settings = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ["class", "href", "rel", "scope", "start", "target", "title"],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
  // DOMPurify holds every attribute against the expression above but those it knows to be no addresses.
  ADD_URI_SAFE_ATTR: ["rel", "scope", "start", "target"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
  ...(policy && { TRUSTED_TYPES_POLICY: policy }),
};

/** A fragment of the page with what is harmless in `html`. */
export const toFragment = (html) => createPurify.sanitize(html, settings);

// Presentation MathML alone: nothing that holds another language (annotation-xml, semantics), acts (maction),
// loads
// (mglyph) or leads away (href), and no HTML inside, which is where parsers have been led astray.
const MATH_TAGS = [
  "math",
  "menclose",
  "mfrac",
  "mi",
  "mmultiscripts",
  "mn",
  "mo",
  "mover",
  "mpadded",
  "mphantom",
  "mprescripts",
  "mroot",
  "mrow",
  "mspace",
  "msqrt",
  "mstyle",
  "msub",
  "msubsup",
  "msup",
  "mtable",
  "mtd",
  "mtext",
  "mtr",
  "munder",
  "munderover",
  "none",
];
const WORD = /^[a-z-]+$/;
const COLOUR = /^(?:#[0-9a-f]{3,8}|[a-z]+|rgb\([\d, ]+\))$/i;
// Below 100 of any unit: nothing of a formula gets out of its column, or over what is beside it.
const LENGTH = /^-?\d{0,2}(?:\.\d+)?(?:em|ex|mu|pt|px)?$/;
const MATH_ATTRIBUTES = {
  accent: WORD,
  class: /^(?:(?:tml|chr|ff|wbk)-[a-z0-9-]+|mathcal|mathscr|upstrike|downstrike|sout|boxed|line-[a-z]+|\s)+$/,
  columnalign: WORD,
  depth: LENGTH,
  display: WORD,
  displaystyle: WORD,
  fence: WORD,
  form: WORD,
  height: LENGTH,
  largeop: WORD,
  linethickness: LENGTH,
  lspace: LENGTH,
  mathbackground: COLOUR,
  mathcolor: COLOUR,
  mathvariant: WORD,
  maxsize: LENGTH,
  minsize: LENGTH,
  movablelimits: WORD,
  notation: WORD,
  rspace: LENGTH,
  scriptlevel: /^[+-]?\d$/,
  separator: WORD,
  stretchy: WORD,
  symmetric: WORD,
  voffset: LENGTH,
  width: LENGTH,
};

const mathSettings = {
  ALLOWED_TAGS: MATH_TAGS,
  ALLOWED_ATTR: Object.keys(MATH_ATTRIBUTES),
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
  ...(policy && { TRUSTED_TYPES_POLICY: policy }),
};

// A second instance, with hooks of its own.
const purifyMath = globalThis.document && createPurify(globalThis);
purifyMath?.addHook("uponSanitizeAttribute", (node, data) => {
  if (data.attrName === "style") markStyle(node);
  data.keepAttr = MATH_ATTRIBUTES[data.attrName]?.test(data.attrValue) ?? false;
});

const STYLED = {
  "border-top-style": "line-top",
  "border-bottom-style": "line-bottom",
  "border-left-style": "line-left",
  "border-right-style": "line-right",
};

/**
 * What a style says that matters, in attributes and classes of our own: colour, and the lines round a cell or
 * a box.
 */
function markStyle(node) {
  const { color } = node.style;
  if (color) node.setAttribute("mathcolor", color);
  for (const [property, mark] of Object.entries(STYLED)) {
    const line = node.style.getPropertyValue(property);
    if (line) node.classList.add(mark, `line-${line}`);
  }
}

/** A fragment of the page with what is harmless in this MathML, which is part of no page. */
export const toMath = (formula) => purifyMath.sanitize(formula, mathSettings);
