// The options of the palette as elements; hits are marked by elements, never by HTML.
import { el, icon } from "../../webox/dom.js";
import { ago } from "../../webox/dates.js";
import { gettext } from "../../webox/i18n.js";
import { apple } from "./keys.js";
import { addressOf, pieces } from "./matches.js";
import { keyLabel } from "./shortcuts.js";
import { titleOf } from "../sidebar/actions.js";

export function group(id, heading, options) {
  return el(
    "div",
    { role: "group", "aria-labelledby": id },
    el("p", { class: "palette-heading", id, text: heading }),
    ...options,
  );
}

const option = (tag, options, ...parts) =>
  el(tag, { ...options, class: "palette-option", role: "option", tabindex: "-1" }, ...parts);

export function commandOption({ key, label, icon: name, href, act, combination }) {
  const keys = combination ? el("kbd", { text: keyLabel(combination, apple) }) : null;
  const node = option(
    href ? "a" : "button",
    { href, type: href ? null : "button", data: { key } },
    icon(name),
    el("span", { class: "row-label", text: label }),
    keys,
  );
  node.act = act;
  return node;
}

const marked = (parts) => parts.map(({ text, is_hit: isHit }) => (isHit ? el("mark", { text }) : text));

/** A conversation by its title, with the words in it marked. */
export function talkOption(talk, words) {
  const place = talk.is_archived ? `${talk.folder} · ${gettext("archived")}` : talk.folder;
  return option(
    "a",
    { href: `/chat/${talk.id}`, data: { key: `talk-${talk.id}` } },
    icon("talk"),
    el("span", { class: "row-label" }, ...marked(pieces(titleOf(talk), words))),
    el("span", { class: "palette-place", text: `${place} · ${ago(talk.updated_at)}` }),
  );
}

/** A place in a text: what stands around the words, and where that is. */
export function hitOption(hit) {
  const ai = [hit.label, hit.model].filter(Boolean).join(" · ");
  const where = hit.found_in === "question" ? gettext("Question") : ai || gettext("Answer");
  const archived = hit.is_archived ? ` · ${gettext("archived")}` : "";
  return option(
    "a",
    { href: addressOf(hit), data: { key: `hit-${hit.message_id}-${hit.answer_id}`, hit: "" } },
    icon(hit.found_in === "question" ? "question" : "talk"),
    el(
      "span",
      { class: "palette-hit" },
      el("span", { class: "palette-snippet" }, ...marked(hit.snippet)),
      el("span", {
        class: "palette-place",
        text: `${where} · ${titleOf(hit)}${archived} · ${ago(hit.updated_at)}`,
      }),
    ),
  );
}

/** The rest of the hits. */
export function moreOption(act) {
  const node = option(
    "button",
    { type: "button", data: { key: "more" } },
    icon("down"),
    el("span", { class: "row-label", text: gettext("More results") }),
  );
  return Object.assign(node, { act, staysOpen: true });
}
