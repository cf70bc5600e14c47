// The rows of the sidebar as elements: conversations, folders, and what stands where there are none.
import { el, icon, iconButton } from "../../webox/dom.js";
import { fill, gettext, number } from "../../webox/i18n.js";
import { titleOf } from "./actions.js";

const EMPTY = {
  all: () => gettext("Your conversations will appear here, by date."),
  favourites: () => gettext("No favourites yet. Add a conversation to them in its menu."),
  archive: () => gettext("The archive is empty. What you archive leaves the list and stays here."),
  folder: () => gettext("This folder is empty. Drag a conversation onto it, or use “Move to…” in its menu."),
  tag: () => gettext("No conversation has this tag."),
};

export const emptyRow = (view) => el("p", { class: "side-empty", text: EMPTY[view.kind]() });

/** A conversation; `onMore(talk, opener)` opens its menu. */
export function talkRow(talk, { isCurrent, isRunning, onMore, onDrag }) {
  const title = titleOf(talk);
  const link = el(
    "a",
    {
      class: "row",
      href: `/chat/${talk.id}`,
      "aria-current": isCurrent ? "page" : null,
      title,
      on: { dragstart: (event) => onDrag(talk, event) },
    },
    el("span", { class: "row-label", text: title }),
  );
  const more = iconButton(
    "dots",
    fill(gettext("Actions for %(title)s"), { title }),
    () => onMore(talk, more),
    { "aria-haspopup": "menu", "aria-expanded": "false" },
  );
  const running = isRunning
    ? el("span", {
        class: "talk-disc",
        role: "img",
        "aria-label": gettext("Being answered"),
        title: gettext("Being answered"),
      })
    : null;
  return el(
    "li",
    { class: "talk", data: { key: `talk-${talk.id}`, conversation: talk.id } },
    link,
    running,
    more,
  );
}

/** The same while several are chosen; `onPick(talk, isRange)`. */
export function pickRow(talk, { isPicked, onPick }) {
  const box = el("input", { type: "checkbox" });
  box.checked = isPicked;
  const pick = (event) => {
    event.preventDefault();
    onPick(talk, event.shiftKey);
  };
  const label = el("label", { class: "row" }, box, el("span", { class: "row-label", text: titleOf(talk) }));
  return el(
    "li",
    { class: "talk talk-pick", data: { key: `talk-${talk.id}`, conversation: talk.id }, on: { click: pick } },
    label,
  );
}

/** A folder; `onMore(folder, opener)` is left out for the one that is always there. */
export function folderRow(folder, { isChosen, onChoose, onMore, onDrop }) {
  const button = el(
    "button",
    {
      type: "button",
      class: "row",
      "aria-pressed": String(isChosen),
      title: folder.name,
      on: { click: () => onChoose(folder) },
    },
    icon("folder"),
    el("span", { class: "row-label", text: folder.name }),
    el("span", { class: "row-count num", text: number(folder.count) }),
  );
  const label = fill(gettext("Actions for the folder %(name)s"), { name: folder.name });
  const more =
    folder.id === null
      ? null
      : iconButton("dots", label, () => onMore(folder, more), {
          "aria-haspopup": "menu",
          "aria-expanded": "false",
        });
  const row = el(
    "li",
    { class: more ? "talk folder" : "talk", data: { key: `folder-${folder.id}`, folder: folder.name } },
    button,
    more,
  );
  takeDrops(row, (ids) => onDrop(folder, ids));
  return row;
}

const DRAGGED = "application/x-webox-conversations";

/** Carry conversations; a folder takes them. */
export function dragTalks(event, ids) {
  event.dataTransfer.setData(DRAGGED, JSON.stringify(ids));
  event.dataTransfer.effectAllowed = "copyMove";
}

function takeDrops(row, onDrop) {
  const isOurs = (event) => event.dataTransfer.types.includes(DRAGGED);
  row.addEventListener("dragover", (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    row.dataset.over = "";
  });
  row.addEventListener("dragleave", (event) => row.contains(event.relatedTarget) || delete row.dataset.over);
  row.addEventListener("drop", (event) => {
    if (!isOurs(event)) return;
    event.preventDefault();
    delete row.dataset.over;
    onDrop(JSON.parse(event.dataTransfer.getData(DRAGGED)));
  });
}
