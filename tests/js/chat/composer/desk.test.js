import assert from "node:assert/strict";
import { test } from "node:test";

import {
  aiOf,
  entriesOfLastTurn,
  fromTarget,
  modelOf,
  sameEntries,
  targetFor,
  toTarget,
} from "../../../../static/chat/composer/targets.js";
import { estimate, namesOf, toldTokens } from "../../../../static/chat/composer/estimate.js";
import { textIn, withFiles } from "../../../../static/chat/text/file_blocks.js";
import { emptyState, reduce } from "../../../../static/chat/live/reducer.js";

const AIS = [
  { target: "openai", provider: "openai", model: "gpt-small", name: "OpenAI", ready: true },
  { target: "demo:quick", provider: "demo", model: "quick", name: "Demo", ready: true, demo: true },
  { target: "demo:slow", provider: "demo", model: "slow", name: "Demo", ready: true, demo: true },
];

test("an entry goes to the API as it came from there", () => {
  for (const target of ["openai", { target: "openai:gpt-large", settings: { temperature: 0.2 } }])
    assert.deepEqual(toTarget(fromTarget(target)), target);
  assert.equal(toTarget(fromTarget({ target: "openai" })), "openai");
});

test("an entry is found among the AIs, whichever model it names", () => {
  const large = { target: "openai:gpt-large", settings: {} };
  assert.deepEqual([aiOf(large, AIS).name, modelOf(large, AIS[0])], ["OpenAI", "gpt-large"]);
  assert.equal(modelOf({ target: "openai", settings: {} }, AIS[0]), "gpt-small");
  const slow = { target: "demo:slow", settings: {} };
  assert.deepEqual([aiOf(slow, AIS).model, modelOf(slow, aiOf(slow, AIS))], ["slow", "slow"]);
  // A name that only the API knows is told by the answer that it got.
  const common = { target: "GPT-4", provider: "openai", model: "gpt-large", settings: {} };
  assert.deepEqual([aiOf(common, AIS).name, modelOf(common, AIS[0])], ["OpenAI", "gpt-large"]);
  assert.equal(aiOf({ target: "gone", settings: {} }, AIS), undefined);
  assert.deepEqual(
    [targetFor(AIS[0], "gpt-large"), targetFor(AIS[0], "gpt-small"), targetFor(AIS[0], "")],
    ["openai:gpt-large", "openai", "openai"],
  );
});

test("two line-ups are the same whatever the order of their settings", () => {
  const one = [{ target: "a", settings: { temperature: 1, max_tokens: 5 } }];
  assert.ok(sameEntries(one, [{ target: "a", settings: { max_tokens: 5, temperature: 1 } }]));
  assert.ok(!sameEntries(one, [{ target: "a", settings: {} }]));
  assert.ok(!sameEntries(one, [...one, ...one]));
});

test("a conversation’s AIs are those of its last turn, a column once", () => {
  const answer = (position, version, target) => ({
    position,
    version,
    target,
    provider: target,
    model: "m",
    settings: {},
  });
  const messages = [
    { answers: [answer(0, 1, "old")] },
    { answers: [] },
    { answers: [answer(1, 1, "b"), answer(0, 1, "a"), answer(0, 2, "a")] },
  ];
  assert.deepEqual(
    entriesOfLastTurn(messages).map((entry) => entry.target),
    ["a", "b"],
  );
  assert.deepEqual(entriesOfLastTurn([]), []);
});

test("the same AI twice has the names the server gives it", () => {
  assert.deepEqual(namesOf(["a", "b", "a", "a"]), ["a", "b", "a#2", "a#3"]);
});

const answer = (id, name, position, text, more = {}) => ({
  id,
  message_id: 2,
  name,
  position,
  version: 1,
  status: "done",
  text,
  reasoning: "",
  is_chosen: false,
  output_tokens: null,
  ...more,
});
const conversation = (...answers) =>
  reduce(emptyState(), {
    type: "loaded",
    messages: [
      {
        id: 1,
        parent_id: null,
        role: "user",
        content: "q".repeat(40),
        created_at: "",
        attachments: [],
        answers: [],
      },
      { id: 2, parent_id: 1, role: "assistant", content: "", created_at: "", attachments: [], answers },
    ],
  });

test("what an AI is told is counted by the context", () => {
  const state = conversation(
    answer(1, "a", 0, "x".repeat(400)),
    answer(2, "b", 1, "x".repeat(800), { is_chosen: true }),
  );
  assert.deepEqual(
    ["own", "chosen", "all"].map((context) => toldTokens(state, "a", context)),
    [10 + 100, 10 + 200, 10 + 300],
  );
  assert.equal(toldTokens(state, "new", "own"), 10);
});

test("the estimate counts what is known and names what is not", () => {
  const state = conversation(answer(1, "a", 0, "x".repeat(400), { output_tokens: 250 }));
  const asked = [
    { name: "a", settings: { max_tokens: 100 }, prices: { input: 1, output: 2 }, contextWindow: 100 },
    { name: "b", settings: { system_prompt: "s".repeat(40) }, prices: null, contextWindow: null },
  ];
  const total = estimate(state, asked, { text: "t".repeat(80), images: 0, context: "own" });
  assert.equal(total.input, 10 + 100 + 20 + (10 + 10 + 20));
  assert.equal(total.output, 100 + 600);
  assert.equal(total.usd, (130 * 1 + 100 * 2) / 1_000_000);
  assert.deepEqual([total.unknown, total.tooLong.map((one) => one.name)], [["b"], ["a"]]);
});

test("a file stands below the question in a fence that nothing inside can close", () => {
  assert.equal(
    withFiles("Look:", [{ name: "a.py", text: "print(1)\n" }]),
    "Look:\n\na.py\n\n```py\nprint(1)\n```",
  );
  assert.equal(withFiles("", [{ name: "README", text: "a ```` b" }]), "README\n\n`````\na ```` b\n`````");
  assert.equal(withFiles("Only words", []), "Only words");
});

test("bytes are text where they are UTF-8 without nulls", () => {
  const bytes = (text) => new TextEncoder().encode(text).buffer;
  assert.equal(textIn(bytes("é\r\nb")), "é\nb");
  assert.equal(textIn(bytes("a\0b")), null);
  assert.equal(textIn(new Uint8Array([0xff, 0xfe, 0x41]).buffer), null);
});
