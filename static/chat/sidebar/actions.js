// What a person does to conversations, from a row, the top bar or several at once: done, said, and undone.
import { ApiError } from "../../webox/api.js";
import { confirm } from "../../webox/confirm.js";
import { $ } from "../../webox/dom.js";
import { fill, gettext, ngettext, number } from "../../webox/i18n.js";
import { focusNotice, hideNotice, showNotice } from "../../webox/notice.js";
import { KEYS, load, save } from "../../webox/storage.js";
import { untitled } from "./views.js";

// The server would have it back for an hour; the offer is here as long as one may have slipped.
const UNDO_MS = 20_000;

export const titleOf = (talk) => talk.title || untitled();

/** True when it went well; a refusal is shown. */
export async function attempt(act) {
  try {
    await act();
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showNotice(error.sentence);
    return false;
  }
}

/**
 * Put the keyboard on a conversation that is back, unless the person has gone on to something else meanwhile.
 */
function focusTalk(id) {
  const isFree =
    [document.body, $("#main")].includes(document.activeElement) ||
    $("#notice").contains(document.activeElement);
  if (isFree) $(`[data-conversation="${id}"] :is(a, input)`)?.focus();
}

export class Actions {
  constructor(store) {
    this.store = store;
    /**
     * Called with the id of a conversation that was deleted, and with the id and title of one that was
     * renamed.
     */
    this.onGone = () => {};
    this.onRenamed = () => {};
    // The page that was left with it: its conversation was the one that is gone.
    const left = load(KEYS.deleted, null);
    if (Array.isArray(left?.ids) && left.until > Date.now()) this.#offerUndelete(left);
  }

  async rename(id, title) {
    if (await attempt(() => this.store.change([id], { title }))) this.onRenamed(id, title);
  }

  /** Pin, favour, move or tag one or several. */
  change(ids, changes) {
    return attempt(() => this.store.change(ids, changes));
  }

  async move(ids, folder) {
    const before = ids.map((id) => [id, this.store.get(id).folder]);
    if (!(await this.change(ids, { folder }))) return;
    this.#offer(ids, fill(gettext("Moved to %(folder)s."), { folder }), async () => {
      const byFolder = Map.groupBy(before, ([, name]) => name);
      for (const [name, pairs] of byFolder)
        await this.store.change(
          pairs.map(([id]) => id),
          { folder: name },
        );
    });
  }

  async archive(ids, isArchived) {
    const [talk] = ids.map((id) => this.store.get(id));
    if (!(await this.change(ids, { is_archived: isArchived }))) return;
    const one = isArchived ? gettext("Archived: %(title)s") : gettext("No longer archived: %(title)s");
    const many = isArchived
      ? ngettext("%(count)s conversation archived.", "%(count)s conversations archived.", ids.length)
      : ngettext(
          "%(count)s conversation no longer archived.",
          "%(count)s conversations no longer archived.",
          ids.length,
        );
    const said =
      ids.length === 1 ? fill(one, { title: titleOf(talk) }) : fill(many, { count: number(ids.length) });
    this.#offer(ids, said, () => this.store.change(ids, { is_archived: !isArchived }));
  }

  async delete(ids) {
    const title = titleOf(this.store.get(ids[0]));
    if (!(await attempt(() => this.store.delete(ids)))) return;
    const offer = { ids, title, until: Date.now() + UNDO_MS };
    save(KEYS.deleted, offer);
    this.#offerUndelete(offer);
    focusNotice();
    for (const id of ids) this.onGone(id);
  }

  /** Ask, then delete a folder; what is in it is kept. */
  async deleteFolder(folder) {
    const kept = fill(
      ngettext(
        "%(count)s conversation is in it. It is kept and goes to %(folder)s.",
        "%(count)s conversations are in it. They are kept and go to %(folder)s.",
        folder.count,
      ),
      { count: number(folder.count), folder: this.store.folders[0].name },
    );
    const text = folder.count > 0 ? kept : gettext("It is empty.");
    const heading = fill(gettext("Delete the folder “%(name)s”?"), { name: folder.name });
    if (await confirm({ heading, text, action: gettext("Delete the folder") }))
      return attempt(() => this.store.deleteFolder(folder));
    return false;
  }

  #offer(ids, said, undo) {
    const act = async () => {
      hideNotice();
      if (await attempt(undo)) focusTalk(ids[0]);
    };
    showNotice(said, { action: { label: gettext("Undo"), act } });
  }

  #offerUndelete({ ids, title, until }) {
    const many = ngettext("%(count)s conversation deleted.", "%(count)s conversations deleted.", ids.length);
    const said =
      ids.length === 1
        ? fill(gettext("Deleted: %(title)s"), { title })
        : fill(many, { count: number(ids.length) });
    showNotice(said, {
      action: { label: gettext("Undo"), act: () => this.#undelete(ids) },
      until,
      onEnd: () => save(KEYS.deleted, null),
    });
  }

  async #undelete(ids) {
    if (!(await attempt(() => this.store.undelete(ids)))) return;
    save(KEYS.deleted, null);
    showNotice(
      ids.length === 1 ? gettext("The conversation is back.") : gettext("The conversations are back."),
    );
    focusTalk(ids[0]);
  }
}
