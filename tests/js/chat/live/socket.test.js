import assert from "node:assert/strict";
import { test } from "node:test";

import { Connection } from "../../../../static/chat/live/socket.js";

/** A clock that only moves when told to. */
class Timers {
  now = 0;
  due = [];
  performance = { now: () => this.now };

  setTimeout(run, wait) {
    const timer = { at: this.now + wait, run };
    this.due.push(timer);
    return timer;
  }

  clearTimeout(timer) {
    this.due = this.due.filter((other) => other !== timer);
  }

  pass(ms) {
    this.now += ms;
    const ready = this.due.filter((timer) => timer.at <= this.now);
    this.due = this.due.filter((timer) => timer.at > this.now);
    for (const timer of ready) timer.run();
  }
}

function set() {
  const sockets = [];
  class Socket {
    constructor(url, protocols) {
      Object.assign(this, { url, protocols, sent: [] });
      sockets.push(this);
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }
  }
  const timers = new Timers();
  const seen = { events: [], statuses: [] };
  const connection = new Connection({
    url: "ws://webox/1",
    onEvent: (event) => seen.events.push(event),
    onStatus: (status) => seen.statuses.push(status),
    timers,
    Socket,
  });
  const snapshot = (socket) =>
    socket.onmessage({ data: JSON.stringify({ type: "snapshot", messages: [], from_rows: [] }) });
  connection.connect();
  return { connection, sockets, timers, seen, snapshot };
}

test("open means that the first snapshot came", () => {
  const { connection, sockets, seen, snapshot } = set();
  assert.equal(connection.send({ type: "stop" }), false);
  snapshot(sockets[0]);
  assert.equal(connection.send({ type: "stop" }), true);
  assert.deepEqual(sockets[0].protocols, ["webox.v1"]);
  assert.deepEqual(seen.statuses, ["connecting", "open"]);
});

test("a lost connection comes back, later each time it fails, and at once when told to hurry", () => {
  const { connection, sockets, timers } = set();
  const waits = [];
  for (let round = 0; round < 8; round += 1) {
    sockets.at(-1).onclose({ code: 1006 });
    waits.push(timers.due[0].at - timers.now);
    timers.pass(waits.at(-1));
  }
  assert.equal(sockets.length, 9);
  const longest = [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000];
  waits.forEach((wait, round) => assert.ok(wait >= longest[round] * 0.75 && wait <= longest[round] * 1.25));
  sockets.at(-1).onclose({ code: 1012 });
  connection.hurry();
  assert.equal(sockets.length, 10);
});

for (const [code, status] of [
  [4401, "expired"],
  [4403, "refused"],
  [4404, "gone"],
]) {
  test(`close code ${code} ends it: ${status}`, () => {
    const { connection, sockets, timers, seen } = set();
    sockets[0].onclose({ code });
    connection.hurry();
    timers.pass(60_000);
    assert.equal(sockets.length, 1);
    assert.equal(seen.statuses.at(-1), status);
  });
}

test("resume: one in flight, at least 250 ms apart, together what was asked for meanwhile", () => {
  const { connection, sockets, timers, snapshot } = set();
  snapshot(sockets[0]);
  connection.resume([1]);
  timers.pass(0);
  connection.resume([2]);
  timers.pass(300);
  assert.deepEqual(sockets[0].sent, [{ type: "resume", answer_ids: [1] }]);
  snapshot(sockets[0]);
  connection.resume([2, 3]);
  timers.pass(0);
  assert.deepEqual(sockets[0].sent.at(-1), { type: "resume", answer_ids: [2, 3] });
  snapshot(sockets[0]);
  connection.resume([4]);
  timers.pass(249);
  assert.equal(sockets[0].sent.length, 2);
  timers.pass(1);
  assert.equal(sockets[0].sent.length, 3);
});

test("resume: a request that nobody answers is sent again", () => {
  const { connection, sockets, timers, snapshot } = set();
  snapshot(sockets[0]);
  connection.resume([1]);
  timers.pass(0);
  connection.resume([1]);
  timers.pass(3000);
  assert.equal(sockets[0].sent.length, 2);
});

test("after a silence it asks for what is still being written", () => {
  const { connection, sockets, timers, snapshot } = set();
  snapshot(sockets[0]);
  connection.expect([7, 8]);
  timers.pass(2_000);
  snapshot(sockets[0]);
  timers.pass(2_999);
  assert.deepEqual(sockets[0].sent, []);
  timers.pass(1);
  timers.pass(0);
  assert.deepEqual(sockets[0].sent, [{ type: "resume", answer_ids: [7, 8] }]);
  snapshot(sockets[0]);
  connection.expect([]);
  timers.pass(60_000);
  assert.equal(sockets[0].sent.length, 1);
});
