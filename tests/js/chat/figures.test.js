import assert from "node:assert/strict";
import { test } from "node:test";

import { cost, price } from "../../../static/webox/money.js";
import { bestOf, tokenSplit, tokenTotal } from "../../../static/chat/column/status.js";

const answer = (id, figures) => ({
  id,
  status: "done",
  first_token_ms: null,
  total_ms: null,
  input_tokens: null,
  output_tokens: null,
  cached_tokens: null,
  reasoning_tokens: null,
  cost_usd: null,
  ...figures,
});

test("a cost has four decimals under a dollar and two above", () => {
  assert.equal(cost(0.0123), "$0.0123");
  assert.equal(cost(0.5), "$0.5000");
  assert.equal(cost(12.345), "$12.35");
});

test("a cost too small to write is said to be smaller, none is none, and an unknown one is a dash", () => {
  assert.equal(cost(0.00002), "<$0.0001");
  assert.equal(cost(0), "$0");
  assert.equal(cost(null), "–");
});

test("a price keeps the decimals it has, two at least", () => {
  assert.equal(price(3), "$3.00");
  assert.equal(price(0.075), "$0.075");
  assert.equal(price(null), "–");
});

test("tokens are input and output together; what they were stands in lines", () => {
  const counted = answer(1, {
    input_tokens: 1200,
    cached_tokens: 1000,
    output_tokens: 340,
    reasoning_tokens: 0,
  });
  assert.equal(tokenTotal(counted), 1540);
  assert.equal(tokenSplit(counted), "Input: 1,200\nof which cached: 1,000\nOutput: 340");
  assert.equal(tokenTotal(answer(1, { output_tokens: 7 })), 7);
  assert.equal(tokenTotal(answer(1, {})), null);
  assert.equal(tokenSplit(answer(1, {})), "");
});

test("the best cost is the lowest known one of those that finished", () => {
  const failed = { ...answer(1, { cost_usd: 0.001 }), status: "failed" };
  assert.equal(
    bestOf([failed, answer(2, { cost_usd: 0.02 }), answer(3, { cost_usd: 0.01 }), answer(4, {})]).cost,
    3,
  );
});

test("where all are the same none is the best", () => {
  assert.equal(bestOf([answer(1, { cost_usd: 0 }), answer(2, { cost_usd: 0 })]).cost, null);
});
