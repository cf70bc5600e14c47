// What the palette offers for what was written in it. Pure.

const RECENT = 8;
const TITLES = 6;
// From so many letters on; of one alone there would be no end of hits.
const SEARCHED_LENGTH = 2;

// What has no decomposition, though people type it as other letters: as chat/folding.py has it.
const SPELT = { œ: "oe", æ: "ae", ø: "o", đ: "d", ł: "l", ı: "i", ß: "ss", "’": "'" };

/** Text as it is compared: without case and accents. */
export const fold = (text) =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[œæøđłıß’]/g, (letter) => SPELT[letter])
    .replace(/\s+/g, " ")
    .trim();

/** Whether the texts are searched for this too: there must be something of a word in it. */
export const isSearched = (words) => (words.match(/[\p{L}\p{N}]/gu) ?? []).length >= SEARCHED_LENGTH;

/**
 * How well a text has all the words: 0 not at all, 1 somewhere, 2 at the start of words, 3 at its own start.
 */
export function rank(words, text) {
  const [needle, hay] = [fold(words), fold(text)];
  if (needle === "") return 1;
  if (hay.startsWith(needle)) return 3;
  const parts = needle.split(" ");
  if (!parts.every((part) => hay.includes(part))) return 0;
  const starts = hay.split(/[^\p{L}\p{N}]+/u);
  return parts.every((part) => starts.some((start) => start.startsWith(part))) ? 2 : 1;
}

const best = (words, items, textOf) =>
  items
    .map((item) => [rank(words, textOf(item)), item])
    .filter(([found]) => found > 0)
    .sort(([a], [b]) => b - a)
    .map(([, item]) => item);

/** The commands whose name or other words match, the best first. */
export const matchingCommands = (words, commands) =>
  best(words, commands, ({ label, keywords = "" }) => `${label} ${keywords}`);

const newestFirst = (talks) => [...talks].sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at));

export const recent = (talks) => newestFirst(talks.filter((talk) => !talk.is_archived)).slice(0, RECENT);

/** Known conversations whose title matches. */
export const matchingTitles = (words, talks) =>
  best(words, newestFirst(talks), ({ title }) => title).slice(0, TITLES);

/** What the server found, parted: conversations by title that are not in `known` yet, and hits in texts. */
export function parted(hits, known) {
  const ids = new Set(known.map(({ id }) => id));
  const titles = hits.filter((hit) => hit.found_in === "title" && !ids.has(hit.conversation_id));
  return {
    titles: titles.map(({ conversation_id: id, ...hit }) => ({ ...hit, id })),
    texts: hits.filter((hit) => hit.found_in !== "title"),
  };
}

/** Where a hit is read. */
export function addressOf({ conversation_id, message_id, answer_id }) {
  const place = answer_id ? `#answer-${answer_id}` : message_id ? `#message-${message_id}` : "";
  return `/chat/${conversation_id}${place}`;
}

/** A text in pieces as {text, is_hit}: what the words stand at is a hit, whatever its case and accents. */
export function pieces(text, words) {
  const letters = [...text];
  // Folding may make two letters of one, so each letter knows where its own begin and end.
  const folded = letters.map((letter) => (letter.trim() === "" ? " " : fold(letter)));
  const starts = folded.reduce((all, piece) => [...all, all.at(-1) + piece.length], [0]);
  const found = spans(folded.join(""), fold(words).split(" ").filter(Boolean));
  const isHit = (index) => found.some(([from, to]) => starts[index] < to && starts[index + 1] > from);
  const parts = [];
  letters.forEach((letter, index) => {
    const last = parts.at(-1);
    if (last?.is_hit === isHit(index)) last.text += letter;
    else parts.push({ text: letter, is_hit: isHit(index) });
  });
  return parts;
}

function spans(hay, needles) {
  const found = [];
  for (const needle of needles) {
    for (let at = hay.indexOf(needle); at !== -1; at = hay.indexOf(needle, at + needle.length))
      found.push([at, at + needle.length]);
  }
  return found;
}
