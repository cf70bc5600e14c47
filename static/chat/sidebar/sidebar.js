// The sidebar’s list: one view of the conversations at a time, by date, with the pinned ones and the folders
// above.
import { Kept, arrange } from "../../webox/arrange.js";
import { $, el, iconButton } from "../../webox/dom.js";
import { fill, gettext } from "../../webox/i18n.js";
import { inPlace } from "../../webox/in_place.js";
import { KEYS, load, save } from "../../webox/storage.js";
import { Folders } from "./folders.js";
import { tagFilter, talkMenu } from "./menu.js";
import { dragTalks, emptyRow, pickRow, talkRow } from "./rows.js";
import { Selection } from "./selection.js";
import { ALL, keyOf, sections, viewOf } from "./views.js";

const TITLE_LENGTH = 255;
const NEAR = "300px";
// A tab that was away for less than this is shown as it was.
const STALE_MS = 10_000;

export class Sidebar {
  /** Builds itself into `root` from `store`. `actions` does what its menus offer. */
  constructor(root, { store, actions }) {
    Object.assign(this, { root, store, actions });
    // 0.9.0 kept it under the key of how a turn is looked at.
    this.view = viewOf(load(KEYS.sidebarView, load(KEYS.turnView, null)));
    this.folders = new Folders({
      store,
      actions,
      choose: (name) => this.choose(name === null ? ALL : { kind: "folder", name }),
      draw: () => this.show(),
    });
    this.selection = new Selection({ store, actions, onChange: () => this.show() });
    this.head = el("div", { class: "side-views", role: "group", "aria-label": gettext("Show") });
    this.list = el("div", { class: "side-scroll" });
    this.foot = el("div", { class: "side-picks" });
    this.end = el("div", { class: "side-end" });
    this.groups = new Map();
    this.parts = new Kept();
    this.rows = new Kept();
    root.replaceChildren(this.head, this.list, this.foot);
    root.addEventListener("keydown", (event) => this.#onKey(event));
    root.addEventListener("menuclosed", () => this.show());
    new IntersectionObserver(([seen]) => seen.isIntersecting && this.#more(), {
      root: this.list,
      rootMargin: NEAR,
    }).observe(this.end);
    store.subscribe(() => this.show());
    if (this.view.kind === "folder" && !store.folders.some(({ name }) => name === this.view.name))
      this.view = ALL;
    this.show();
    this.#keepScroll();
    this.#keepFresh();
    root.dataset.ready = "";
  }

  /** Show another view, like {kind: "folder", name}. */
  choose(view) {
    this.view = view;
    save(KEYS.sidebarView, view);
    this.list.scrollTop = 0;
    const isNew = this.store.page(view).state === "new";
    if (isNew) this.store.loadMore(view);
    else this.store.refresh(view);
    this.show();
  }

  /** Choose several: the list gets boxes to tick. */
  select() {
    this.selection.begin();
    $("input", this.list)?.focus();
  }

  show() {
    // A field, and the button of an open menu, must not be drawn over; their end draws again.
    if ($('.in-place, [aria-haspopup][aria-expanded="true"]', this.root)) return;
    keepingFocus(this.root, () => this.#draw());
  }

  #draw() {
    const { pinned, dates } = sections(this.view, this.store.all(), new Date());
    this.shown = [...pinned, ...dates.flatMap(([, talks]) => talks)].map((talk) => talk.id);
    arrange(
      this.head,
      this.parts.node("head", [this.view, this.selection.isOn], () => this.#views()),
    );
    arrange(this.list, [
      ...(pinned.length > 0 ? this.#group(gettext("Pinned"), pinned) : []),
      ...this.folders.parts(this.view.kind === "folder" ? this.view.name : null),
      ...(this.view.kind === "tag" ? [this.parts.node("tag", this.view, () => this.#tagHead())] : []),
      ...dates.flatMap(([heading, talks]) => this.#group(heading, talks)),
      ...this.#after(),
      this.end,
    ]);
    this.foot.replaceChildren(...(this.selection.isOn ? [this.selection.bar()] : []));
  }

  /** The heading and the list of a group, the ones that are there: a long list is drawn often. */
  #group(heading, talks) {
    if (!this.groups.has(heading))
      this.groups.set(heading, [el("h2", { text: heading }), el("ul", { class: "talks" })]);
    const group = this.groups.get(heading);
    arrange(
      group[1],
      talks.map((talk) => this.#row(talk)),
    );
    return group;
  }

  #views() {
    const button = (view, text) =>
      el("button", {
        type: "button",
        class: "side-view",
        "aria-pressed": String(keyOf(view) === keyOf(this.view)),
        data: { key: keyOf(view) },
        text,
        on: { click: () => this.choose(view) },
      });
    const tag = this.view.kind === "tag" ? this.view.name : null;
    const choose = (name) => this.choose(name === null ? ALL : { kind: "tag", name });
    const label = tag === null ? gettext("Show a tag") : fill(gettext("Tag: %(name)s"), { name: tag });
    const tags = iconButton("tag", label, () => tagFilter(tags, tag, { store: this.store, choose }), {
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      "aria-pressed": String(tag !== null),
      "data-key": "tags",
    });
    const { isOn } = this.selection;
    const select = iconButton(
      "select",
      gettext("Select several"),
      () => (isOn ? this.selection.end() : this.select()),
      { "aria-pressed": String(isOn), "data-key": "select" },
    );
    return [
      button(ALL, gettext("All")),
      button({ kind: "favourites" }, gettext("Favourites")),
      button({ kind: "archive" }, gettext("Archived")),
      el("span", { class: "side-tools" }, tags, select),
    ];
  }

  /** The row of a conversation, the one that is there where nothing of it has changed. */
  #row(talk) {
    const { isOn } = this.selection;
    const state = {
      isCurrent: talk.id === this.store.currentId,
      isRunning: this.store.running.has(talk.id),
      isPicked: isOn && this.selection.has(talk.id),
    };
    return this.rows.node(talk.id, [talk.title, isOn, state], () =>
      isOn ? this.#pickRow(talk, state) : this.#talkRow(talk, state),
    );
  }

  #pickRow(talk, state) {
    return pickRow(talk, {
      ...state,
      onPick: ({ id }, isRange) => this.selection.pick(id, isRange, this.shown),
    });
  }

  #talkRow(talk, state) {
    const menu = ({ id }, opener) =>
      talkMenu(opener, this.store.get(id), {
        store: this.store,
        actions: this.actions,
        rename: () => this.#rename(this.store.get(id)),
      });
    return talkRow(talk, { ...state, onMore: menu, onDrag: ({ id }, event) => dragTalks(event, [id]) });
  }

  /** What stands at the end: that it is being read or could not be, or that there is nothing. */
  #after() {
    const { state, sentence } = this.store.page(this.view);
    if (state === "loading") return [el("p", { class: "side-empty", text: gettext("Loading…") })];
    if (state === "failed") {
      const again = el("button", {
        type: "button",
        class: "btn",
        text: gettext("Try again"),
        on: { click: () => this.store.loadMore(this.view) },
      });
      return [
        el(
          "div",
          { class: "side-empty", role: "alert", data: { key: "failed" } },
          el("p", { text: sentence }),
          again,
        ),
      ];
    }
    return this.shown.length === 0 ? [emptyRow(this.view)] : [];
  }

  #tagHead() {
    const text = fill(gettext("Tag: %(name)s"), { name: this.view.name });
    const all = iconButton("cross", gettext("Show all conversations"), () => this.choose(ALL));
    return el("div", { class: "side-head", data: { key: "tag" } }, el("h2", { text, title: text }), all);
  }

  #more() {
    const { state } = this.store.page(this.view);
    if (state === "ready" || state === "new") this.store.loadMore(this.view);
  }

  #rename(talk) {
    const row = () => $(`[data-conversation="${talk.id}"]`, this.list);
    const field = inPlace({
      value: talk.title,
      label: gettext("New title"),
      maxlength: TITLE_LENGTH,
      onEnd: (title, isByKey) => {
        field.remove();
        this.rows.drop(talk.id);
        if (title !== null) this.actions.rename(talk.id, title);
        this.show();
        if (isByKey) $("a", row())?.focus();
      },
    });
    row().replaceChildren(field);
    field.select();
  }

  #onKey(event) {
    if (
      event.key !== "Escape" ||
      !this.selection.isOn ||
      event.isComposing ||
      $(":popover-open, dialog[open]")
    )
      return;
    event.stopPropagation();
    this.selection.end();
    $('[data-key="select"]', this.head).focus();
  }

  /** Each conversation is a page of its own; the list must not jump to its top with every one. */
  #keepScroll() {
    try {
      this.list.scrollTop = Number(sessionStorage.getItem(KEYS.sideScroll));
      addEventListener("pagehide", () =>
        sessionStorage.setItem(KEYS.sideScroll, String(this.list.scrollTop)),
      );
    } catch {
      // Storage may be forbidden: the list then starts at its top.
    }
  }

  /** What another tab or another machine changed shows when this one is looked at again. */
  #keepFresh() {
    let left = Date.now();
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && Date.now() - left > STALE_MS)
        this.store.refresh(this.view);
      left = Date.now();
    });
  }
}

/** Draw, and put the focus back on the control it was on. */
function keepingFocus(root, draw) {
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  const item = focused?.closest("[data-key]");
  const controls = (node) => [node, ...node.querySelectorAll("a, button, input")];
  const at = item ? controls(item).indexOf(focused) : -1;
  draw();
  if (!item || document.activeElement === focused) return;
  const again = $(`[data-key="${CSS.escape(item.dataset.key)}"]`, root);
  if (again) controls(again)[at]?.focus({ preventScroll: true });
}
