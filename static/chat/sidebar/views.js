// What a view of the sidebar shows, and under which headings. Pure, but for the words’ language.
import { gettext, language } from "../../webox/i18n.js";

const DAY_MS = 24 * 3600 * 1000;
export const PAGE_LENGTH = 100;
export const ALL = { kind: "all" };

const KINDS = {
  all: (talk) => !talk.is_archived,
  favourites: (talk) => talk.is_favourite && !talk.is_archived,
  archive: (talk) => talk.is_archived,
  folder: (talk, { name }) => talk.folder === name && !talk.is_archived,
  tag: (talk, { name }) => talk.tags.includes(name) && !talk.is_archived,
};

// How the API is asked for each; the pinned ones of all stand above the dates and come with the page.
const QUERIES = {
  all: () => ({ pinned: "false" }),
  favourites: () => ({ favourite: "true" }),
  archive: () => ({ archived: "true" }),
  folder: ({ name }) => ({ folder: name }),
  tag: ({ name }) => ({ tag: name }),
};

export const untitled = () => gettext("Untitled conversation");

export const keyOf = ({ kind, name = "" }) => `${kind}:${name}`;

/** The view that was stored, or all where it names none that exists. */
export const viewOf = (stored) =>
  stored !== null && typeof stored === "object" && Object.hasOwn(KINDS, stored.kind) ? stored : ALL;

export const shows = (view, talk) => KINDS[view.kind](talk, view);

/** The query of the page of a view that starts after `offset` conversations. */
export const queryOf = (view, offset) =>
  new URLSearchParams({ ...QUERIES[view.kind](view), limit: PAGE_LENGTH, offset }).toString();

/** The conversations of a view, the last used first. */
export const listed = (view, talks) =>
  talks
    .filter((talk) => shows(view, talk))
    .sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at) || b.id - a.id);

/** Days between two moments as a calendar counts them, in this browser’s time zone. */
function daysAgo(moment, now) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((midnight(now) - midnight(moment)) / DAY_MS);
}

const month = new Intl.DateTimeFormat(language, { month: "long" });
const monthAndYear = new Intl.DateTimeFormat(language, { month: "long", year: "numeric" });

function monthOf(moment, now) {
  const name = (moment.getFullYear() === now.getFullYear() ? month : monthAndYear).format(moment);
  return name[0].toLocaleUpperCase(language) + name.slice(1);
}

export function dateGroup(moment, now) {
  const days = daysAgo(moment, now);
  if (days <= 0) return gettext("Today");
  if (days === 1) return gettext("Yesterday");
  return days <= 7 ? gettext("Previous 7 days") : monthOf(moment, now);
}

/**
 * What stands in a view: the pinned ones (of all alone), and the others by date as [heading, conversations].
 */
export function sections(view, talks, now) {
  const inView = listed(view, talks);
  const isPinnedApart = (talk) => view.kind === "all" && talk.is_pinned;
  const groups = new Map();
  for (const talk of inView.filter((one) => !isPinnedApart(one))) {
    const heading = dateGroup(new Date(talk.updated_at), now);
    if (!groups.has(heading)) groups.set(heading, []);
    groups.get(heading).push(talk);
  }
  return { pinned: inView.filter(isPinnedApart), dates: [...groups] };
}

/** Those from one conversation to another in the order of the list, both included. */
export function range(ids, from, to) {
  const [a, b] = [ids.indexOf(from), ids.indexOf(to)];
  return a === -1 || b === -1 ? [to] : ids.slice(Math.min(a, b), Math.max(a, b) + 1);
}
