import assert from "node:assert/strict";
import { test } from "node:test";

import { Flusher } from "../../../../static/chat/thread/flusher.js";

/** A clock that only the test moves, for timers and for the flusher’s own look at the time. */
function fakeClock(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const clock = { nowMs: 1000 };
  t.mock.method(performance, "now", () => clock.nowMs);
  clock.pass = (ms) => {
    for (let passed = 0; passed < ms; passed += 1) {
      clock.nowMs += 1;
      t.mock.timers.tick(1);
    }
  };
  return clock;
}

test("however often the texts change, they are shown at most 20 times a second", (t) => {
  const clock = fakeClock(t);
  const flusher = new Flusher();
  const shown = [];
  const view = { flush: () => shown.push(clock.nowMs), follow: () => {} };
  for (let ms = 0; ms < 3000; ms += 2) {
    flusher.add(view);
    clock.pass(2);
  }
  assert.equal(flusher.flushes, shown.length);
  const gaps = shown.slice(1).map((at, index) => at - shown[index]);
  assert.ok(Math.min(...gaps) >= 50, `a gap of ${Math.min(...gaps)} ms`);
  assert.ok(shown.length >= 55 && shown.length <= 61, `${shown.length} times in 3 s`);
});

test("after a pause a change is shown at once, and columns that changed together are shown together", (t) => {
  const clock = fakeClock(t);
  const flusher = new Flusher();
  let [first, second, settled] = [0, 0, 0];
  const measured = [];
  flusher.onFlushed = () => (settled += 1);
  const follow = () => measured.push([first, second]);
  const columns = [
    { flush: () => (first += 1), follow },
    { flush: () => (second += 1), follow },
  ];
  for (const column of [...columns, ...columns]) flusher.add(column);
  clock.pass(1);
  assert.deepEqual([first, second, settled], [1, 1, 1]);
  // Measuring the page lays it out: that waits until all have written.
  assert.deepEqual(measured, [
    [1, 1],
    [1, 1],
  ]);
  clock.pass(500);
  assert.equal(flusher.flushes, 1);
  flusher.add(columns[1]);
  clock.pass(1);
  assert.deepEqual([first, second, flusher.flushes], [1, 2, 2]);
});

test("a flush never comes a fraction of a millisecond early", (t) => {
  const clock = fakeClock(t);
  const flusher = new Flusher();
  const shown = [];
  const view = { flush: () => shown.push(clock.nowMs), follow: () => {} };
  flusher.add(view);
  clock.pass(1);
  clock.nowMs += 0.4;
  flusher.add(view);
  clock.pass(60);
  assert.ok(shown[1] - shown[0] >= 50);
});
