import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { codePoints, dropCodePoints } from "../../../../static/chat/live/codepoints.js";
import {
  columnsOf,
  emptyState,
  isRunning,
  reduce,
  versionsOf,
} from "../../../../static/chat/live/reducer.js";
import { addPiece, hasGap, replaceText, stream } from "../../../../static/chat/live/stream.js";
import { Server, randomFrom } from "../server.js";

const examples = JSON.parse(
  readFileSync(new URL("../../../examples/events.json", import.meta.url), "utf8"),
).examples;

const shown = (answer) => ({
  text: answer.text.text,
  reasoning: answer.reasoning.text,
  status: answer.status,
});

for (const example of examples) {
  test(`example: ${example.name}`, () => {
    const state = [example.snapshot, ...example.events].reduce(reduce, emptyState());
    for (const [id, expected] of Object.entries(example.expected))
      assert.deepEqual(shown(state.answers[id]), expected);
    assert.equal(Object.keys(state.answers).length, Object.keys(example.expected).length);
    assert.deepEqual(state.missing, []);
  });
}

test("code points: emoji count once, lone halves too", () => {
  assert.equal(codePoints("a👍🏽é"), 4);
  assert.equal(codePoints("\ud83d"), 1);
  assert.equal(dropCodePoints("a👍🏽é", 2), "🏽é");
  assert.equal(dropCodePoints("abc", 5), "");
});

test("stream: older pieces are skipped, overlaps trimmed by code points", () => {
  let text = addPiece(stream("👍👍"), 0, "👍");
  assert.equal(text.text, "👍👍");
  text = addPiece(text, 1, "👍ab");
  assert.deepEqual([text.text, text.length], ["👍👍ab", 4]);
});

test("stream: pieces that came early wait in order until the gap closes", () => {
  let text = addPiece(stream(""), 4, "ef");
  text = addPiece(text, 2, "cd");
  assert.ok(hasGap(text));
  text = addPiece(text, 0, "ab");
  assert.deepEqual([text.text, hasGap(text)], ["abcdef", false]);
});

test("stream: a replaced text takes up what waits beyond it", () => {
  const text = replaceText(addPiece(stream("a"), 3, "de"), "abc");
  assert.deepEqual([text.text, text.length, hasGap(text)], ["abcde", 5, false]);
});

const asked = (id, parentId, text = "") => [
  {
    id,
    parent_id: parentId,
    role: "user",
    content: `Question ${id}`,
    created_at: "",
    attachments: [],
    answers: [],
  },
  {
    id: id + 1,
    parent_id: id,
    role: "assistant",
    content: "",
    created_at: "",
    attachments: [],
    answers: [
      { id: id * 10, message_id: id + 1, position: 0, version: 1, status: "streaming", text, reasoning: "" },
    ],
  },
];

test("a question in the place of another begins a branch, and the messages are read anew", () => {
  const before = reduce(emptyState(), {
    type: "snapshot",
    messages: [...asked(1, null), ...asked(3, 2)],
    from_rows: [],
  });
  const messages = asked(5, 2);
  const branched = reduce(before, {
    type: "turn",
    state: "started",
    message_id: 6,
    title: "",
    messages,
    answers: messages[1].answers,
  });
  assert.equal(branched.reload, true);
  const after = reduce(branched, { type: "loaded", messages: [...asked(1, null), ...messages] });
  assert.deepEqual(
    after.messages.map((message) => message.id),
    [1, 2, 5, 6],
  );
  assert.deepEqual([after.reload, after.elsewhere.size], [false, 0]);
  assert.equal(
    reduce(after, { type: "deltas", deltas: [[50, 0, "new"]], reasoning: [] }).answers[50].text.text,
    "new",
  );
});

test("what is written in a branch that is not shown is left aside, and asked about once", () => {
  const shown = [...asked(1, null), ...asked(3, 2)];
  let state = reduce(emptyState(), { type: "snapshot", messages: shown, from_rows: [] });
  const other = { type: "snapshot", messages: asked(5, 2), from_rows: [] };
  state = reduce(state, other);
  assert.equal(state.reload, true);
  state = reduce(state, { type: "loaded", messages: shown });
  for (const event of [
    other,
    { type: "deltas", deltas: [[50, 3, "x"]], reasoning: [] },
    { type: "lengths", lengths: [[50, 9, 0]] },
    { type: "answer", id: 50, status: "done", text_length: 4, reasoning_length: 0 },
  ])
    state = reduce(state, event);
  assert.deepEqual([state.reload, state.missing, state.answers[50]], [false, [], undefined]);
  assert.deepEqual(
    state.messages.map((message) => message.id),
    [1, 2, 3, 4],
  );
});

test("another branch that is shown replaces what is on the page", () => {
  const state = reduce(
    reduce(emptyState(), {
      type: "snapshot",
      messages: [...asked(1, null), ...asked(5, null)],
      from_rows: [],
    }),
    { type: "branch", head_id: 2 },
  );
  assert.deepEqual([state.reload, state.isLeft], [true, true]);
  // Until it has been read the page keeps what it shows; then also what is newer than the other branch goes.
  const read = reduce(state, { type: "loaded", messages: asked(1, null) });
  assert.deepEqual(
    [read.messages.map((message) => message.id), read.reload, read.isLeft],
    [[1, 2], false, false],
  );
});

test("one answer of a turn is chosen, then another, then none", () => {
  const [question, turn] = asked(1, null);
  turn.answers.push({ ...turn.answers[0], id: 11, position: 1, is_chosen: false });
  let state = reduce(emptyState(), { type: "snapshot", messages: [question, turn], from_rows: [] });
  const stars = (answer_id) => {
    state = reduce(state, { type: "chosen", message_id: 2, answer_id });
    return [state.answers[10].is_chosen, state.answers[11].is_chosen].map(Boolean);
  };
  assert.deepEqual(
    [stars(10), stars(11), stars(null)],
    [
      [true, false],
      [false, true],
      [false, false],
    ],
  );
  assert.equal(reduce(state, { type: "chosen", message_id: 2, answer_id: null }), state);
});

test("the versions of each column stand in order, columns as they were asked", () => {
  const [question, turn] = asked(1, null);
  const version = (id, position, number) => ({ ...turn.answers[0], id, position, version: number });
  turn.answers = [version(12, 0, 2), version(11, 1, 1), version(10, 0, 1)];
  const state = reduce(emptyState(), { type: "snapshot", messages: [question, turn], from_rows: [] });
  assert.deepEqual(
    versionsOf(state, 2).map((column) => column.map((answer) => answer.id)),
    [[10, 12], [11]],
  );
  assert.deepEqual(columnsOf(state, 2), [12, 11]);
});

const started = () => {
  const server = new Server(randomFrom(1));
  return [server, reduce(emptyState(), server.start(2))];
};

test("a gap asks for the answer and stops asking once it closed by itself", () => {
  const [server, state] = started();
  const [id] = server.ids();
  const gap = reduce(state, { type: "deltas", deltas: [[id, 3, "def"]], reasoning: [] });
  assert.deepEqual(gap.missing, [id]);
  const closed = reduce(gap, { type: "deltas", deltas: [[id, 0, "abc"]], reasoning: [] });
  assert.deepEqual(closed.missing, []);
  assert.equal(closed.answers[id].text.text, "abcdef");
});

test("a lost last frame shows by the lengths, by the final state and by the end of the turn", () => {
  const [server, state] = started();
  const [id] = server.ids();
  assert.deepEqual(reduce(state, { type: "lengths", lengths: [[id, 5, 0]] }).missing, [id]);
  const final = { type: "answer", id, status: "done", text_length: 5, reasoning_length: 0 };
  assert.deepEqual(reduce(state, final).missing, [id]);
  assert.deepEqual(reduce(state, { type: "turn", state: "complete", message_id: 2 }).missing, server.ids());
});

test("an answer whose turn is complete is asked for until its end is known, late text or not", () => {
  const [server, state] = started();
  const [id] = server.ids();
  const complete = reduce(state, { type: "turn", state: "complete", message_id: 2 });
  const late = reduce(complete, { type: "deltas", deltas: [[id, 0, "abc"]], reasoning: [] });
  assert.ok(late.missing.includes(id));
});

test("an answer that ended never runs again", () => {
  const [server, state] = started();
  const [id] = server.ids();
  const ended = reduce(state, { type: "answer", id, status: "stopped", text_length: 0, reasoning_length: 0 });
  const late = reduce(ended, {
    type: "answer",
    id,
    status: "streaming",
    text_length: 0,
    reasoning_length: 0,
  });
  assert.equal(late.answers[id].status, "stopped");
  assert.equal(reduce(ended, server.snapshot()).answers[id].status, "stopped");
});

test("rows that are a second old do not shorten a text that still grows", () => {
  const [server, state] = started();
  const [id] = server.ids();
  const grown = reduce(state, { type: "deltas", deltas: [[id, 0, "Hello"]], reasoning: [] });
  assert.equal(reduce(grown, server.snapshot({ fromRows: true })).answers[id].text.text, "Hello");
});

test("an ended answer takes the text of the rows even when it is shorter", () => {
  const [server, state] = started();
  const [id] = server.ids();
  const grown = reduce(state, { type: "deltas", deltas: [[id, 0, "Hello"]], reasoning: [] });
  server.answers.get(id).status = "interrupted";
  const text = reduce(grown, server.snapshot()).answers[id].text;
  assert.equal(text.text, "");
});

test("messages without a known predecessor ask for everything; what began meanwhile stays", () => {
  const [server, state] = started();
  const stranger = { ...server.message(), id: 9, parent_id: 8, answers: [] };
  const lost = reduce(state, { type: "snapshot", messages: [stranger], from_rows: [] });
  assert.equal(lost.reload, true);
  const whole = reduce(lost, { type: "loaded", messages: server.fresh().slice(0, 1) });
  assert.equal(whole.reload, false);
  assert.deepEqual(
    whole.messages.map((message) => message.id),
    [1, 2],
  );
});

test("a refused command is told and changes nothing else", () => {
  const [, state] = started();
  const refused = reduce(state, {
    type: "error",
    code: "no_provider",
    detail: "Choose at least one AI.",
    client_id: "c",
  });
  assert.deepEqual({ ...refused, refused: null }, state);
  assert.equal(refused.refused.client_id, "c");
});

test("a retry takes the place of the older version", () => {
  const [server, state] = started();
  const [first, second] = server.ids();
  const again = server.retry(first);
  const next = reduce(state, again);
  assert.deepEqual(columnsOf(next, 2), [again.answers[0].id, second]);
});

test("an unknown kind of event changes nothing", () => {
  const [, state] = started();
  assert.equal(reduce(state, { type: "later" }), state);
});

/** Play one turn over a connection that loses, doubles and reorders frames. */
function play(seed) {
  const random = randomFrom(seed);
  const server = new Server(random);
  let state = reduce(emptyState(), server.start(1 + Math.floor(random() * 4)));
  let held = [];
  const receive = (event) => {
    state = reduce(state, event);
  };
  while (server.running()) {
    for (const event of server.tick()) {
      const luck = random();
      if (luck < 0.15) continue;
      if (luck < 0.3) held.push(event);
      else receive(event);
      if (luck > 0.9) receive(event);
    }
    if (random() < 0.3) {
      held.forEach(receive);
      held = [];
    }
    if (random() < 0.3) receive(server.snapshot({ fromRows: random() < 0.5 }));
    if (state.missing.length > 0 && random() < 0.5) receive(server.snapshot({ ids: state.missing }));
  }
  held.forEach(receive);
  receive({ type: "turn", state: "complete", message_id: 2 });
  for (let round = 0; state.missing.length > 0; round += 1) {
    assert.ok(round < 3, "resume settles");
    receive(server.snapshot({ ids: state.missing }));
  }
  return [state, reduce(emptyState(), { type: "loaded", messages: server.fresh() })];
}

test("property: a snapshot and the events after it equal a fresh read, whatever the connection does", () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const [state, fresh] = play(seed);
    for (const id of Object.keys(fresh.answers)) {
      assert.deepEqual(shown(state.answers[id]), shown(fresh.answers[id]), `seed ${seed}`);
      assert.equal(isRunning(state.answers[id]), false);
    }
  }
});

test("a question keeps its images, whether it was loaded, accepted or begun elsewhere", () => {
  const image = {
    id: "a1",
    url: "/api/chat/attachments/a1",
    media_type: "image/png",
    width: 8,
    height: 6,
    size_bytes: 90,
  };
  const server = new Server(randomFrom(1));
  const begun = server.start(1);
  begun.messages[0].attachments = [image];
  for (const event of [
    begun,
    { ...begun, type: "accepted", client_id: "c" },
    { type: "loaded", messages: begun.messages },
  ]) {
    const [question, answers] = reduce(emptyState(), event).messages;
    assert.deepEqual(question.attachments, [image], event.type);
    assert.deepEqual(answers.attachments, [], event.type);
  }
});

test("how an answer ended stands in its record: refusal, notes, cost, the vendor’s request", () => {
  const [server, state] = started();
  const [id] = server.ids();
  const told = {
    refusal: "No.",
    notes: ["images_left_out"],
    cost_usd: 0.0123,
    request_id: "req_1",
    attempts: 2,
  };
  const ended = reduce(state, {
    type: "answer",
    id,
    status: "done",
    text_length: 0,
    reasoning_length: 0,
    ...told,
  });
  const { refusal, notes, cost_usd, request_id, attempts } = ended.answers[id];
  assert.deepEqual({ refusal, notes, cost_usd, request_id, attempts }, told);
});
