// The one place where a string becomes HTML. The page’s policy allows no other Trusted Types policy than this one.
import createPurify from "../vendor/dompurify/purify.es.mjs";

// DOMPurify itself hands the string to the parser through the policy; nobody else can reach it.
const policy = globalThis.trustedTypes?.createPolicy("webox", { createHTML: (html) => html, createScriptURL: () => "" });

const TAGS = [
  "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "span",
  "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
];

const settings = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ["class", "href", "rel", "start", "target", "title"],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
  // DOMPurify holds every attribute against the expression above but those it knows to be no addresses.
  ADD_URI_SAFE_ATTR: ["rel", "start", "target"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
  ...(policy && { TRUSTED_TYPES_POLICY: policy }),
};

/** A fragment of the page with what is harmless in `html`. */
export const toFragment = (html) => createPurify.sanitize(html, settings);
