import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Layout } from "../../../../static/chat/thread/layout.js";

const stored = new Map();
globalThis.localStorage = {
  getItem: (key) => stored.get(key) ?? null,
  setItem: (key, value) => stored.set(key, value),
  removeItem: (key) => stored.delete(key),
};

beforeEach(() => stored.clear());

test("columns stand as they were asked until one is moved", () => {
  const layout = new Layout(1);
  assert.deepEqual(layout.arrange(["a", "b", "c"]), ["a", "b", "c"]);
  layout.move(["a", "b", "c"], "c", -2);
  assert.deepEqual(layout.arrange(["a", "b", "c"]), ["c", "a", "b"]);
  layout.move(["c", "a", "b"], "c", -1);
  assert.deepEqual(layout.arrange(["a", "b", "c"]), ["c", "a", "b"]);
});

test("an AI that joins later stands where it was asked, the moved ones keep their order round it", () => {
  const layout = new Layout(1);
  layout.move(["a", "b"], "b", -1);
  assert.deepEqual(layout.arrange(["a", "new", "b"]), ["b", "new", "a"]);
});

test("a conversation finds its columns again, another has its own", () => {
  const layout = new Layout(7);
  layout.fold("a", true);
  layout.setWidths({ a: 0.4, b: 0.6 });
  layout.setView(12, "focus");
  const again = new Layout(7);
  assert.deepEqual([again.isFolded("a"), again.width("b"), again.view(12)], [true, 0.6, "focus"]);
  again.setWidths(null);
  assert.equal(new Layout(7).width("b"), null);
  const other = new Layout(8);
  assert.deepEqual([other.isFolded("a"), other.width("a")], [false, null]);
  // The last choice holds where none was made.
  assert.equal(other.view(99), "focus");
});

test("a conversation that begins takes along what was arranged before it had an id", () => {
  const layout = new Layout(null);
  layout.move(["a", "b"], "b", -1);
  layout.moveTo(3);
  assert.deepEqual(new Layout(3).arrange(["a", "b"]), ["b", "a"]);
});

test("of many conversations the last are remembered", () => {
  for (let id = 1; id <= 120; id += 1) new Layout(id).fold("a", true);
  assert.deepEqual([new Layout(5).isFolded("a"), new Layout(120).isFolded("a")], [false, true]);
});
