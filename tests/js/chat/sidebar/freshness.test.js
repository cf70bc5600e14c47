import assert from "node:assert/strict";
import { test } from "node:test";

import { Freshness } from "../../../../static/chat/sidebar/freshness.js";

test("what nobody changes is as it was told last", () => {
  const freshness = new Freshness();
  const [first, second] = [freshness.now(), freshness.now()];
  assert.deepEqual(
    [first, second].map((asked) => freshness.isCurrent(1, asked)),
    [true, true],
  );
});

test("a list that was asked for before a change ended knows nothing of it", () => {
  const freshness = new Freshness();
  const before = freshness.now();
  const change = freshness.begin([1]);
  const meanwhile = freshness.now();
  assert.equal(freshness.isCurrent(1, meanwhile), false);
  assert.deepEqual(freshness.end([1], change), new Set([1]));
  assert.deepEqual(
    [before, meanwhile, freshness.now()].map((asked) => freshness.isCurrent(1, asked)),
    [false, false, true],
  );
  assert.equal(freshness.isCurrent(2, before), true);
});

test("of two changes the later one tells how it is, whichever ends first", () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const freshness = new Freshness();
    const changes = [freshness.begin([1, 2]), freshness.begin([2])];
    const ended = order.map((which) => [
      which,
      [...freshness.end(which === 0 ? [1, 2] : [2], changes[which])],
    ]);
    assert.deepEqual(Object.fromEntries(ended), { 0: [1], 1: [2] });
    assert.equal(freshness.isCurrent(2, freshness.now()), true);
  }
});
