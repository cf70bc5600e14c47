import assert from "node:assert/strict";
import { test } from "node:test";

import { fold } from "../../../../static/chat/text/fold.js";
import { placesOf } from "../../../../static/chat/text/hits.js";

const pieces = (text, words) => placesOf(text, words).map(([from, to]) => text.slice(from, to));

test("words are found in any case and with any accents, decomposed ones too", () => {
  assert.deepEqual(pieces("Événement, EVENEMENT, e\u0301ve\u0301nement", "evenement"), [
    "Événement",
    "EVENEMENT",
    "e\u0301ve\u0301nement",
  ]);
  assert.deepEqual(pieces("👍 déjà vu", "DEJA vu"), ["déjà", "vu"]);
});

test("a word is found where one begins, not inside another", () => {
  assert.deepEqual(pieces("heating, reheat, preheat, heat", "heat"), ["heat", "heat"]);
  assert.deepEqual(placesOf("nothing", "  "), []);
});

test("a place is counted in the text as it is, not as it is folded", () => {
  assert.deepEqual(fold("ﬁn"), { folded: "fin", starts: [0, 0, 1, 2] });
});
