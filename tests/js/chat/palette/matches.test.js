import assert from "node:assert/strict";
import { test } from "node:test";

import {
  addressOf,
  fold,
  isSearched,
  matchingCommands,
  matchingTitles,
  parted,
  pieces,
  rank,
  recent,
} from "../../../../static/chat/palette/matches.js";

test("neither case nor accents nor the way a letter is typed count", () => {
  assert.equal(fold("  Événement à   l’ŒUVRE "), "evenement a l'oeuvre");
  assert.ok(rank("evenement", "L’Événement de l’été") > 0);
});

test("every word must be there; the better the place, the higher", () => {
  assert.equal(rank("heat pump", "Heat pump or gas"), 3);
  assert.equal(rank("pump heat", "A heat pump"), 2);
  assert.equal(rank("eat", "A heat pump"), 1);
  assert.equal(rank("heat boiler", "A heat pump"), 0);
});

test("commands are found by their names and by other words for them", () => {
  const commands = [
    { label: "Usage" },
    { label: "My account", keywords: "settings profile" },
    { label: "Sign out" },
  ];
  assert.deepEqual(matchingCommands("sett", commands), [commands[1]]);
  assert.deepEqual(
    matchingCommands("s", commands).map(({ label }) => label),
    ["Sign out", "My account", "Usage"],
  );
});

test("titles of the same rank stand the last used first; the archive is found but not recent", () => {
  const talks = [
    { id: 1, title: "Rent", updated_at: "2026-01-01T00:00:00Z", is_archived: false },
    { id: 2, title: "Rent again", updated_at: "2026-02-01T00:00:00Z", is_archived: true },
  ];
  assert.deepEqual(
    matchingTitles("rent", talks).map(({ id }) => id),
    [2, 1],
  );
  assert.deepEqual(
    recent(talks).map(({ id }) => id),
    [1],
  );
});

test("what the server found by title is added to what is known, hits in texts stand apart", () => {
  const title = { conversation_id: 7, found_in: "title", title: "Rent" };
  const known = { conversation_id: 1, found_in: "title", title: "Rent" };
  const text = { conversation_id: 1, found_in: "answer" };
  assert.deepEqual(parted([title, known, text], [{ id: 1 }]), {
    titles: [{ id: 7, found_in: "title", title: "Rent" }],
    texts: [text],
  });
});

test("a hit is opened where it stands", () => {
  assert.equal(addressOf({ conversation_id: 7, message_id: 3, answer_id: 9 }), "/chat/7#answer-9");
  assert.equal(addressOf({ conversation_id: 7, message_id: 3, answer_id: null }), "/chat/7#message-3");
  assert.equal(addressOf({ conversation_id: 7, message_id: null, answer_id: null }), "/chat/7");
});

test("the words are marked in the text as it is written", () => {
  const marked = (text, words) =>
    pieces(text, words)
      .map(({ text: piece, is_hit: isHit }) => (isHit ? `[${piece}]` : piece))
      .join("");
  assert.equal(marked("L’Œuvre, un événement", "oeuvre EVENEMENT"), "L’[Œuvre], un [événement]");
  assert.equal(marked("pump pumps", "pump"), "[pump] [pump]s");
  assert.equal(marked("<b>bold</b>", "b"), "<[b]>[b]old</[b]>");
  assert.equal(marked("untouched", ""), "untouched");
  assert.equal(marked("", "x"), "");
});

test("texts are searched from two letters on, and not for signs alone", () => {
  assert.equal(isSearched("a"), false);
  assert.equal(isSearched("?!…"), false);
  assert.equal(isSearched("été"), true);
  assert.equal(isSearched("C 3"), true);
});
