// @ts-check
// What the pages keep in the browser. It may be full or forbidden: then the page works, it only forgets.

/** Every key of localStorage and sessionStorage, so that no two features share one. */
export const KEYS = Object.freeze({
  /** Whether the sidebar is open, and how wide it is; early.js reads it before the page is drawn. */
  side: "webox.side",
  /** Which conversations the sidebar lists. */
  sidebarView: "webox.sidebar_view",
  /** sessionStorage: how far the sidebar’s list is scrolled. */
  sideScroll: "webox.side-scroll",
  /** Which folders of the sidebar are unfolded. */
  folders: "webox.folders",
  /** How a turn is looked at: columns, tabs or one at a time. */
  turnView: "webox.view",
  /** The order, widths and folds of the columns, by conversation. */
  layout: "webox.layout",
  /** The AIs that were ticked last. */
  selected: "webox.selected",
  /** sessionStorage: the words of the search result that is being opened. */
  hit: "webox.hit",
  /** The conversations that were just deleted, for their Undo. */
  deleted: "webox.deleted",
});

/**
 * The key of the text that is not sent yet in a conversation, or in a new one (null).
 * @param {number | null} conversationId
 */
export const draftKey = (conversationId) => `webox.draft.${conversationId ?? "new"}`;

/**
 * The value kept under a key; `fallback` where there is none, or it can’t be read.
 * @param {string} key
 * @param {any} fallback
 * @returns {any}
 */
export function load(key, fallback) {
  try {
    const value = localStorage.getItem(key);
    return value === null ? fallback : JSON.parse(value);
  } catch {
    return fallback;
  }
}

/**
 * Keep a value, or forget the one that is there (null).
 * @param {string} key
 * @param {unknown} value
 */
export function save(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Nothing to tell: the draft is still on the screen.
  }
}
