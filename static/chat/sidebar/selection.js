// Several conversations at once: which are chosen, and the bar with what can be done to them.
import { el, iconButton } from "../../webox/dom.js";
import { fill, gettext, ngettext, number } from "../../webox/i18n.js";
import { movePanel, tagsPanel } from "./menu.js";
import { range } from "./views.js";

export class Selection {
  /** `onChange` when something was chosen or the choosing began or ended. */
  constructor({ store, actions, onChange }) {
    Object.assign(this, { store, actions, onChange });
    this.isOn = false;
    this.ids = new Set();
    this.anchor = null;
  }

  begin() {
    this.isOn = true;
    this.onChange();
  }

  end() {
    this.isOn = false;
    this.anchor = null;
    this.ids.clear();
    this.onChange();
  }

  has(id) {
    return this.ids.has(id);
  }

  /** Choose one, or leave it; with `isRange` all from the last one to it, in the order of `shown`. */
  pick(id, isRange, shown) {
    const isPicked = !this.ids.has(id);
    const picked = isRange && this.anchor !== null ? range(shown, this.anchor, id) : [id];
    for (const one of picked) {
      if (isPicked || isRange) this.ids.add(one);
      else this.ids.delete(one);
    }
    this.anchor = id;
    this.onChange();
  }

  /** What is chosen and is still there. */
  #chosen() {
    return [...this.ids].filter((id) => this.store.get(id));
  }

  bar() {
    const ids = this.#chosen();
    const none = ids.length === 0 ? { disabled: true } : {};
    const isArchived = ids.length > 0 && ids.every((id) => this.store.get(id).is_archived);
    const said =
      ids.length === 0
        ? gettext("None selected")
        : fill(ngettext("%(count)s selected", "%(count)s selected", ids.length), {
            count: number(ids.length),
          });
    const popup = { "aria-haspopup": "dialog", "aria-expanded": "false", ...none };
    const move = iconButton(
      "folder",
      gettext("Move to…"),
      () => movePanel(move, ids, { store: this.store, actions: this.actions, onDone: () => this.end() }),
      popup,
    );
    const tags = iconButton(
      "tag",
      gettext("Tags…"),
      () => tagsPanel(tags, ids, { store: this.store, actions: this.actions }),
      popup,
    );
    const archive = iconButton(
      "archive",
      isArchived ? gettext("Unarchive") : gettext("Archive"),
      () => this.#endWith(this.actions.archive(ids, !isArchived)),
      none,
    );
    const remove = iconButton(
      "trash",
      gettext("Delete"),
      () => this.#endWith(this.actions.delete(ids)),
      none,
    );
    const cancel = el("button", {
      type: "button",
      class: "btn btn-quiet",
      text: gettext("Cancel"),
      on: { click: () => this.end() },
    });
    return el(
      "div",
      {
        class: "pick-bar",
        role: "group",
        "aria-label": gettext("Selected conversations"),
        data: { key: "pick-bar" },
      },
      el("span", { class: "pick-count num", role: "status", text: said }),
      cancel,
      el("span", { class: "pick-acts" }, move, tags, archive, remove),
    );
  }

  async #endWith(act) {
    await act;
    this.end();
  }
}
