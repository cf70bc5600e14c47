// The bar over a conversation: its folder, its title that is changed where it stands, and its menu.
import { $, setText } from "../../webox/dom.js";
import { fill, gettext } from "../../webox/i18n.js";
import { inPlace } from "../../webox/in_place.js";
import { showSide } from "../../webox/page.js";
import { talkMenu } from "./menu.js";

const TITLE_LENGTH = 255;

export class TopBar {
  constructor(bar, { store, actions, sidebar }) {
    Object.assign(this, { store, actions, sidebar });
    this.heading = $("#page-heading", bar);
    this.crumb = $("#crumb", bar);
    this.pencil = $("#rename", bar);
    this.menu = $("#conversation-menu", bar);
    this.crumb.addEventListener("click", () => this.#showFolder());
    this.pencil.addEventListener("click", () => this.rename());
    this.menu.addEventListener("click", () =>
      talkMenu(this.menu, store.current, { store, actions, rename: () => this.rename() }),
    );
    store.subscribe(() => this.#show());
    this.#show();
  }

  #show() {
    const { current } = this.store;
    for (const part of [this.crumb, this.pencil, this.menu]) part.hidden = !current;
    if (!current) return;
    setText(this.crumb, current.folder);
    this.crumb.title = fill(gettext("Show the folder %(name)s"), { name: current.folder });
  }

  #showFolder() {
    showSide();
    this.sidebar.choose({ kind: "folder", name: this.store.current.folder });
  }

  rename() {
    const { current } = this.store;
    if (this.heading.hidden) return;
    const field = inPlace({
      value: current.title,
      label: gettext("New title"),
      maxlength: TITLE_LENGTH,
      onEnd: (title, isByKey) => {
        field.remove();
        this.heading.hidden = this.pencil.hidden = false;
        if (title !== null) this.actions.rename(current.id, title);
        if (isByKey) this.#focusBack();
      },
    });
    this.heading.hidden = this.pencil.hidden = true;
    this.heading.after(field);
    field.select();
  }

  /** On a phone there is no pencil. */
  #focusBack() {
    this.pencil.focus();
    if (document.activeElement !== this.pencil) this.menu.focus();
  }
}
