import assert from "node:assert/strict";
import { test } from "node:test";

import {
  groups,
  isApple,
  keyLabel,
  keyNames,
  shortcutOf,
} from "../../../../static/chat/palette/shortcuts.js";

const key = (values) => ({
  key: "",
  code: "",
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  isComposing: false,
  ...values,
});
const pressed = (values, where = {}) => shortcutOf(key(values), { apple: false, isTyping: false, ...where });

test("Ctrl and a letter, with Shift where it is meant", () => {
  assert.equal(pressed({ key: "k", ctrlKey: true }), "search");
  assert.equal(pressed({ key: "O", ctrlKey: true, shiftKey: true }), "new");
  assert.equal(pressed({ key: "S", ctrlKey: true, shiftKey: true }), "sidebar");
  assert.equal(pressed({ key: "o", ctrlKey: true }), null);
  assert.equal(pressed({ key: "s", ctrlKey: true }), null);
  assert.equal(pressed({ key: "K", ctrlKey: true, shiftKey: true }), null);
  assert.equal(pressed({ key: "k", ctrlKey: true, altKey: true }), null);
  assert.equal(pressed({ key: "k" }), null);
});

test("on an Apple machine it is the command key, and Ctrl is the system’s", () => {
  assert.equal(pressed({ key: "k", metaKey: true }, { apple: true }), "search");
  assert.equal(pressed({ key: "k", ctrlKey: true }, { apple: true }), null);
  assert.equal(pressed({ key: "k", metaKey: true }), null);
});

test("a question mark helps, but not while somebody writes one", () => {
  assert.equal(pressed({ key: "?", shiftKey: true }), "help");
  assert.equal(pressed({ key: "?", shiftKey: true }, { isTyping: true }), null);
  assert.equal(pressed({ key: "/", ctrlKey: true }, { isTyping: true }), "help");
  // The slash of a French keyboard stands behind Shift.
  assert.equal(pressed({ key: "/", code: "Period", ctrlKey: true, shiftKey: true }), "help");
});

test("keys that an input method takes are not ours", () => {
  assert.equal(pressed({ key: "k", ctrlKey: true, isComposing: true }), null);
});

test("on a keyboard of other letters the place of the key counts", () => {
  assert.equal(pressed({ key: "л", code: "KeyK", ctrlKey: true }), "search");
  // But not where the letter is a Latin one that stands elsewhere, like on Dvorak.
  assert.equal(pressed({ key: "t", code: "KeyK", ctrlKey: true }), null);
});

test("keys are called what stands on them", () => {
  assert.deepEqual(keyNames("mod+shift+o", false), ["Ctrl", "Shift", "O"]);
  assert.equal(keyLabel("mod+k", false), "Ctrl\u00a0K");
  assert.equal(keyLabel("mod+k", true), "⌘K");
  assert.equal(keyLabel("?", true), "?");
});

test("the machine is told by its platform", () => {
  assert.equal(isApple({ platform: "MacIntel" }), true);
  assert.equal(isApple({ userAgentData: { platform: "macOS" }, platform: "" }), true);
  assert.equal(isApple({ platform: "Linux x86_64" }), false);
  assert.equal(isApple({}), false);
});

test("every key in the help says what it does", () => {
  for (const [heading, keys] of groups()) {
    assert.ok(heading);
    for (const [combinations, text] of keys) assert.ok(combinations.length > 0 && text);
  }
});
