// The section of the folders: choose, create, rename where it stands, delete with a question, drop onto.
import { Kept, arrange } from "../../webox/arrange.js";
import { el, icon, iconButton } from "../../webox/dom.js";
import { gettext } from "../../webox/i18n.js";
import { inPlace } from "../../webox/in_place.js";
import { openMenu } from "../../webox/menu.js";
import { KEYS, load, save } from "../../webox/storage.js";
import { attempt } from "./actions.js";
import { FOLDER_LENGTH } from "./menu.js";
import { folderRow } from "./rows.js";

export class Folders {
  /** `choose(name)` shows a folder, or all with null; `draw` draws the sidebar again. */
  constructor({ store, actions, choose, draw }) {
    Object.assign(this, { store, actions, choose, draw });
    this.isOpen = load(KEYS.folders, true) !== false;
    this.list = el("ul", { class: "talks", id: "folders" });
    this.kept = new Kept();
  }

  /** The heading and the rows; closed, the chosen one alone. */
  parts(chosen) {
    this.chosen = chosen;
    const shown = this.store.folders.filter((folder) => this.isOpen || folder.name === chosen);
    arrange(
      this.list,
      shown.map((folder) =>
        this.kept.node(folder.id, [folder, folder.name === chosen], () => this.#row(folder)),
      ),
    );
    return [this.kept.node("heading", this.isOpen, () => this.#heading()), this.list];
  }

  #open(isOpen) {
    this.isOpen = isOpen;
    save(KEYS.folders, isOpen);
    this.draw();
  }

  #heading() {
    const toggle = () => this.#open(!this.isOpen);
    const options = {
      type: "button",
      class: "side-fold",
      "aria-expanded": String(this.isOpen),
      "aria-controls": "folders",
      on: { click: toggle },
    };
    const button = el("button", options, gettext("Folders"), icon("right"));
    return el(
      "div",
      { class: "side-head", data: { key: "folders" } },
      el("h2", {}, button),
      iconButton("plus", gettext("New folder"), () => this.#create()),
    );
  }

  #row(folder) {
    return folderRow(folder, {
      isChosen: folder.name === this.chosen,
      onChoose: ({ name }) => this.choose(name === this.chosen ? null : name),
      onMore: (one, opener) => this.#menu(one, opener),
      onDrop: ({ name }, ids) => this.#drop(name, ids),
    });
  }

  #drop(name, ids) {
    const moved = ids.filter((id) => this.store.get(id) && this.store.get(id).folder !== name);
    if (moved.length > 0) this.actions.move(moved, name);
  }

  #menu(folder, opener) {
    openMenu(opener, folder.name, [
      { label: gettext("Rename"), icon: "edit", act: () => this.#rename(folder) },
      null,
      { label: gettext("Delete"), icon: "trash", isDanger: true, act: () => this.#delete(folder) },
    ]);
  }

  #create() {
    if (!this.isOpen) this.#open(true);
    const field = inPlace({
      value: "",
      label: gettext("Name of the new folder"),
      maxlength: FOLDER_LENGTH,
      onEnd: async (name, isByKey) => {
        field.remove();
        if (name !== null) await attempt(() => this.store.createFolder(name));
        this.#end(isByKey, name);
      },
    });
    const row = el("li", { class: "talk" }, field);
    this.list.prepend(row);
    field.focus();
  }

  #rename(folder) {
    const field = inPlace({
      value: folder.name,
      label: gettext("New name of the folder"),
      maxlength: FOLDER_LENGTH,
      onEnd: async (name, isByKey) => {
        field.remove();
        this.kept.drop(folder.id);
        const isRenamed = name !== null && (await attempt(() => this.store.renameFolder(folder, name)));
        if (isRenamed && this.chosen === folder.name) this.choose(name);
        this.#end(isByKey, isRenamed ? name : folder.name);
      },
    });
    this.#find(folder.name).replaceChildren(field);
    field.select();
  }

  async #delete(folder) {
    if (!(await this.actions.deleteFolder(folder))) return;
    if (this.chosen === folder.name) this.choose(null);
    this.#end(true, null);
  }

  #end(isByKey, name) {
    this.draw();
    if (isByKey)
      (
        this.#find(name)?.querySelector("button") ?? this.list.previousSibling.querySelector(".icon-btn")
      ).focus();
  }

  #find(name) {
    return [...this.list.children].find((row) => row.dataset.folder === name);
  }
}
