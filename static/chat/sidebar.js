// The list of conversations: grouped by date, renamed in place, deleted after a question.
import { $, el, iconButton, placePopover, setText } from "../webox/dom.js";
import { api } from "../webox/api.js";
import { fill, gettext } from "../webox/i18n.js";

const DAY_MS = 24 * 3600 * 1000;
const UNTITLED = () => gettext("Untitled conversation");

/** Days between two moments as a calendar counts them, in this browser’s time zone. */
function daysAgo(moment, now) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((midnight(now) - midnight(moment)) / DAY_MS);
}

function groupOf(moment, now) {
  const days = daysAgo(moment, now);
  if (days <= 0) return gettext("Today");
  if (days === 1) return gettext("Yesterday");
  return days <= 7 ? gettext("Previous 7 days") : gettext("Older");
}

export class Sidebar {
  /** `onGone(id)` when a conversation was deleted, `onRenamed(id, title)` when it got another title. */
  constructor(root, { say, onGone, onRenamed }) {
    Object.assign(this, { root, say, onGone, onRenamed });
    this.items = [...root.querySelectorAll("[data-conversation]")].map((item) => ({
      id: Number(item.dataset.conversation),
      title: item.dataset.title,
      updated: new Date(item.dataset.updated),
      current: $("a", item).hasAttribute("aria-current"),
    }));
    this.menu = this.#buildMenu();
    this.show();
  }

  /** A conversation that began or got a message: it moves to the top. */
  touch(id, title) {
    const item = this.items.find((other) => other.id === id);
    if (item) Object.assign(item, { title: title || item.title, updated: new Date() });
    else this.items.push({ id, title, updated: new Date(), current: true });
    this.show();
  }

  show() {
    const now = new Date();
    const groups = new Map();
    for (const item of [...this.items].sort((a, b) => b.updated - a.updated)) {
      const name = groupOf(item.updated, now);
      groups.set(name, [...(groups.get(name) ?? []), item]);
    }
    const empty = el("p", { class: "side-empty", text: gettext("Your conversations will appear here, by date.") });
    const parts = [...groups].flatMap(([name, items]) => [el("h2", { text: name }), el("ul", { class: "talks" }, ...items.map((item) => this.#row(item)))]);
    this.root.replaceChildren(...(parts.length > 0 ? parts : [empty]));
  }

  #row(item) {
    const title = item.title || UNTITLED();
    const link = el("a", { class: "row", href: `/chat/${item.id}`, "aria-current": item.current ? "page" : null, title }, el("span", { class: "row-label", text: title }));
    const more = iconButton("dots", fill(gettext("Actions for %(title)s"), { title }), () => this.#openMenu(item, more), { "aria-haspopup": "menu", "aria-expanded": "false" });
    return el("li", { class: "talk", data: { conversation: item.id } }, link, more);
  }

  #buildMenu() {
    const pick = (action) => () => {
      this.menu.hidePopover();
      action();
    };
    const menu = el(
      "div",
      { class: "menu", popover: "auto", role: "menu" },
      el("button", { type: "button", class: "row", role: "menuitem", text: gettext("Rename"), on: { click: pick(() => this.#rename()) } }),
      el("button", { type: "button", class: "row danger", role: "menuitem", text: gettext("Delete"), on: { click: pick(() => this.#askDelete()) } }),
    );
    menu.addEventListener("toggle", (event) => this.opener?.setAttribute("aria-expanded", String(event.newState === "open")));
    this.root.parentElement.append(menu);
    return menu;
  }

  #openMenu(item, opener) {
    this.chosen = item;
    this.opener = opener;
    this.menu.showPopover();
    placePopover(this.menu, opener);
    $("button", this.menu).focus();
  }

  #rename() {
    const item = this.chosen;
    const row = $(`[data-conversation="${item.id}"]`, this.root);
    const field = el("input", { class: "input", type: "text", maxlength: "255", "aria-label": gettext("New title") });
    field.value = item.title;
    let over = false;
    const end = (save) => {
      if (over) return;
      over = true;
      const title = field.value.trim();
      if (save && title !== "" && title !== item.title) this.#saveTitle(item, title);
      else this.show();
    };
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter") end(true);
      if (event.key !== "Escape") return;
      event.stopPropagation();
      end(false);
    });
    field.addEventListener("blur", () => end(true));
    row.replaceChildren(field);
    field.select();
  }

  async #saveTitle(item, title) {
    const before = item.title;
    item.title = title;
    this.show();
    try {
      await api("PATCH", `/api/chat/conversations/${item.id}`, { title });
      this.onRenamed(item.id, title);
    } catch {
      item.title = before;
      this.show();
      this.say(gettext("The title was not saved. Try again."));
    }
  }

  #askDelete() {
    const item = this.chosen;
    const dialog = $("#delete-dialog");
    setText($("p", dialog), fill(gettext("“%(title)s” and all its answers will be deleted for good."), { title: item.title || UNTITLED() }));
    dialog.returnValue = "";
    dialog.addEventListener("close", () => dialog.returnValue === "delete" && this.#delete(item), { once: true });
    dialog.showModal();
  }

  async #delete(item) {
    try {
      await api("DELETE", `/api/chat/conversations/${item.id}`);
    } catch {
      this.say(gettext("The conversation was not deleted. Try again."));
      return;
    }
    this.items = this.items.filter((other) => other !== item);
    this.show();
    this.say(gettext("Conversation deleted."));
    this.onGone(item.id);
  }
}
