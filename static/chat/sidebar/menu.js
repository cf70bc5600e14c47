// The menu of a conversation, and its two panels: where it goes, and which tags it has. Also for several at
// once.
import { arrange } from "../../webox/arrange.js";
import { $, el, icon, iconButton } from "../../webox/dom.js";
import { fill, gettext, number } from "../../webox/i18n.js";
import { openMenu, openPanel } from "../../webox/menu.js";
import { attempt, titleOf } from "./actions.js";

export const FOLDER_LENGTH = 100;
const TAG_LENGTH = 50;

/** Open the menu of one conversation; `rename` starts that where its title stands. */
export function talkMenu(opener, talk, { store, actions, rename }) {
  const ids = [talk.id];
  openMenu(opener, fill(gettext("Actions for %(title)s"), { title: titleOf(talk) }), [
    { label: gettext("Rename"), icon: "edit", act: rename },
    {
      label: talk.is_pinned ? gettext("Unpin") : gettext("Pin"),
      icon: "pin",
      act: () => actions.change(ids, { is_pinned: !talk.is_pinned }),
    },
    {
      label: talk.is_favourite ? gettext("Remove from favourites") : gettext("Add to favourites"),
      icon: "star",
      act: () => actions.change(ids, { is_favourite: !talk.is_favourite }),
    },
    { label: gettext("Move to…"), icon: "folder", act: () => movePanel(opener, ids, { store, actions }) },
    { label: gettext("Tags…"), icon: "tag", act: () => tagsPanel(opener, ids, { store, actions }) },
    {
      label: talk.is_archived ? gettext("Unarchive") : gettext("Archive"),
      icon: "archive",
      act: () => actions.archive(ids, !talk.is_archived),
    },
    null,
    { label: gettext("Delete"), icon: "trash", isDanger: true, act: () => actions.delete(ids) },
  ]);
}

/** Choose the folder of these conversations, or make a new one for them. `onDone` when they were moved. */
export function movePanel(opener, ids, { store, actions, onDone = () => {} }) {
  const folders = new Set(ids.map((id) => store.get(id).folder));
  const move = async (name) => {
    panel.hidePopover();
    await actions.move(ids, name);
    onDone();
  };
  const option = ({ name }) => {
    const isChosen = folders.size === 1 && folders.has(name);
    return el(
      "button",
      { type: "button", class: "row", "aria-current": isChosen && "true", on: { click: () => move(name) } },
      icon("folder"),
      el("span", { class: "row-label", text: name }),
      isChosen ? icon("check") : null,
    );
  };
  const add = newName(
    gettext("New folder"),
    gettext("Make the folder and move there"),
    FOLDER_LENGTH,
    async (name) => {
      if (await attempt(() => store.createFolder(name))) await move(name);
    },
  );
  const list = el(
    "div",
    { class: "menu-list", role: "group", "aria-label": gettext("Folders") },
    ...store.folders.map(option),
  );
  const panel = openPanel(opener, gettext("Move to"), [list, add]);
}

/** Tick the tags of these conversations, or make a new one; each tick is saved at once. */
export function tagsPanel(opener, ids, { store, actions }) {
  const list = el("div", { class: "menu-list", role: "group", "aria-label": gettext("Tags") });
  const none = el("p", { class: "menu-none", text: gettext("No tags yet. Write the first one below.") });
  const options = new Map();
  const has = (name) => ids.filter((id) => store.get(id)?.tags.includes(name)).length;
  const option = (name) => {
    const tick = () =>
      actions.change(ids, box.checked ? { add_tags: [name] } : { remove_tags: [name] }).then(show);
    const box = el("input", { type: "checkbox", on: { change: tick } });
    return { box, row: el("label", { class: "row" }, box, el("span", { class: "row-label", text: name })) };
  };
  // The rows stay the same ones: the keyboard may be on one, and a finger just going down.
  const show = () => {
    const names = [...store.tags.map(({ name }) => name), ...ids.flatMap((id) => store.get(id)?.tags ?? [])];
    for (const name of names) if (!options.has(name)) options.set(name, option(name));
    for (const [name, { box }] of options) {
      box.checked = has(name) === ids.length;
      box.indeterminate = !box.checked && has(name) > 0;
    }
    const rows = [...options].sort(([a], [b]) => a.localeCompare(b)).map(([, { row }]) => row);
    arrange(list, rows.length > 0 ? rows : [none]);
  };
  const add = newName(gettext("New tag"), gettext("Add the tag"), TAG_LENGTH, async (name) => {
    if (await actions.change(ids, { add_tags: [name] })) show();
  });
  show();
  openPanel(opener, gettext("Tags"), [list, add]);
  // Those that no conversation of this page has.
  attempt(() => store.refreshCounts()).then(show);
}

/** Choose a tag to see its conversations alone; the one that is chosen is left again. */
export async function tagFilter(opener, chosen, { store, choose }) {
  const list = el(
    "div",
    { class: "menu-list", role: "group", "aria-label": gettext("Tags") },
    el("p", { class: "menu-none", text: gettext("Loading…") }),
  );
  const panel = openPanel(opener, gettext("Show a tag"), [list]);
  const option = ({ name, count }) => {
    const pick = () => {
      panel.hidePopover();
      choose(name === chosen ? null : name);
    };
    const isChosen = name === chosen;
    return el(
      "button",
      { type: "button", class: "row", "aria-current": isChosen && "true", on: { click: pick } },
      icon(isChosen ? "check" : "tag"),
      el("span", { class: "row-label", text: name }),
      el("span", { class: "row-count num", text: number(count) }),
    );
  };
  if (!(await attempt(() => store.refreshCounts()))) return panel.hidePopover();
  const none = el("p", {
    class: "menu-none",
    text: gettext("No tags yet. Give a conversation one in its menu, under “Tags…”."),
  });
  list.replaceChildren(...(store.tags.length > 0 ? store.tags.map(option) : [none]));
  return ($("[aria-current]", list) ?? $("button", list) ?? panel).focus();
}

function newName(label, action, maxlength, make) {
  const field = el("input", {
    class: "input",
    type: "text",
    maxlength: String(maxlength),
    "aria-label": label,
    placeholder: label,
    autocomplete: "off",
  });
  const submit = async (event) => {
    event.preventDefault();
    const name = field.value.trim();
    if (name === "") return field.focus();
    await make(name);
    field.value = "";
    return field.focus();
  };
  const button = iconButton("plus", action, () => {}, { type: "submit" });
  return el("form", { class: "menu-form", on: { submit } }, field, button);
}
