import assert from "node:assert/strict";
import { test } from "node:test";

import { ago } from "../../../../static/webox/dates.js";
import {
  inOrder,
  isFirstVisit,
  keyName,
  stateOf,
  testedWords,
  usedWords,
} from "../../../../static/chat/ais/words.js";

const NOW = Date.parse("2026-03-10T12:00:00Z");
const provider = (values) => ({
  slug: "x",
  protocol: "openai",
  ready: false,
  reason: "no_key",
  needs_key: true,
  key: null,
  ...values,
});
const words = (values) => stateOf(provider(values)).text;

test("how it stands with an AI is said in words", () => {
  assert.equal(words({ ready: true, key: { last4: "1234" } }), "Ready with your key");
  assert.equal(words({ ready: true }), "Ready with this server’s key");
  assert.equal(words({ ready: true, needs_key: false }), "Ready, no key needed");
  assert.equal(words({}), "Key to add");
  assert.equal(words({ needs_key: false }), "Not set up");
  assert.equal(words({ reason: "premium" }), "With Premium");
  assert.equal(words({ reason: "provider_disabled" }), "Switched off");
  assert.equal(words({ reason: "unreadable_key" }), "Key must be entered again");
  assert.equal(words({ reason: "something_new" }), "Not available yet");
});

test("a key is known by its last letters, its test and its use", () => {
  const key = { last4: "1234", tested_at: "2026-03-08T12:00:00Z", test_code: "bad_key", last_used_at: null };
  assert.equal(keyName(key), "…1234");
  assert.equal(keyName({ last4: "" }), "short key");
  assert.equal(testedWords(key, NOW), "tested 2 days ago: rejected");
  assert.equal(testedWords({ ...key, test_code: "" }, NOW), "tested 2 days ago: works");
  assert.equal(testedWords({ ...key, test_code: "something_new" }, NOW), "tested 2 days ago: failed");
  assert.equal(testedWords({ ...key, tested_at: null }, NOW), "not tested yet");
  assert.equal(usedWords(key, NOW), "not used yet");
  assert.equal(usedWords({ ...key, last_used_at: "2026-03-10T11:59:00Z" }, NOW), "last used 1 minute ago");
});

test("a moment that a faster clock made is now, not in the future", () => {
  assert.equal(ago("2026-03-10T12:00:05Z", NOW), "now");
  assert.equal(ago("2026-03-09T12:00:00Z", NOW), "yesterday");
  assert.equal(ago("2025-01-01T12:00:00Z", NOW), "last year");
});

test("ready ones come first and the demonstrations last", () => {
  const records = [
    provider({ slug: "a" }),
    provider({ slug: "demo", protocol: "demo", ready: true }),
    provider({ slug: "b", ready: true }),
    provider({ slug: "c" }),
  ];
  assert.deepEqual(
    inOrder(records).map((record) => record.slug),
    ["b", "a", "c", "demo"],
  );
});

test("it is a first visit while the demonstrations alone are ready", () => {
  const demo = provider({ protocol: "demo", ready: true });
  assert.equal(isFirstVisit([demo, provider({})]), true);
  assert.equal(isFirstVisit([demo, provider({ ready: true })]), false);
});
