// The list of conversations: grouped by date, renamed in place; what is deleted can be had back for a moment.
import { $, el, iconButton, placePopover } from "../webox/dom.js";
import { api } from "../webox/api.js";
import { fill, gettext } from "../webox/i18n.js";
import { load, save } from "../webox/storage.js";

const DAY_MS = 24 * 3600 * 1000;
// The server would have it back for an hour; the offer is here as long as one may have slipped.
const UNDO_MS = 20_000;
const DELETED = "webox.deleted";
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
    // The page that was left with it: its conversation was the one that is gone.
    this.deleted = load(DELETED, null);
    if (this.deleted) this.#forgetLater();
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
    this.root.replaceChildren(...(this.deleted ? [this.#undoRow()] : []), ...(parts.length > 0 ? parts : [empty]));
  }

  #undoRow() {
    const said = fill(gettext("Deleted: %(title)s"), { title: this.deleted.title || UNTITLED() });
    const button = el("button", { type: "button", class: "btn btn-quiet", text: gettext("Undo"), on: { click: () => this.#undo() } });
    return el("div", { class: "undo" }, el("span", { class: "row-label", text: said, title: said }), button);
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
      el("button", { type: "button", class: "row danger", role: "menuitem", text: gettext("Delete"), on: { click: pick(() => this.#delete(this.chosen)) } }),
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

  async #delete(item) {
    try {
      await api("DELETE", `/api/chat/conversations/${item.id}`);
    } catch {
      this.say(gettext("The conversation was not deleted. Try again."));
      return;
    }
    this.items = this.items.filter((other) => other !== item);
    this.deleted = { ...item, current: false, until: Date.now() + UNDO_MS };
    save(DELETED, this.deleted);
    this.#forgetLater();
    this.show();
    $(".undo .btn", this.root).focus();
    this.say(gettext("Conversation deleted."));
    this.onGone(item.id);
  }

  async #undo() {
    const item = this.deleted;
    try {
      await api("POST", `/api/chat/conversations/${item.id}/undo`);
    } catch {
      this.say(gettext("The conversation could not be had back. Try again."));
      return;
    }
    this.items.push({ ...item, updated: new Date(item.updated) });
    this.#forget();
    $(`[data-conversation="${item.id}"] a`, this.root).focus();
    this.say(gettext("The conversation is back."));
  }

  /** The offer ends by itself, but not under somebody’s hand. */
  #forgetLater() {
    clearTimeout(this.timer);
    const again = () => ($(".undo:is(:hover, :focus-within)", this.root) ? this.#forgetLater() : this.#forget());
    this.timer = setTimeout(again, Math.max(1000, this.deleted.until - Date.now()));
  }

  #forget() {
    clearTimeout(this.timer);
    this.deleted = null;
    save(DELETED, null);
    this.show();
  }
}
