import assert from "node:assert/strict";
import { test } from "node:test";

import { partReasoning } from "../../../../static/chat/column/reasoning.js";

test("a heading that directly follows other text gets a blank line before it", () => {
  const text = "**Counting**\n\nThe answer is 3.**Confirming the count**\n\nOne, two, three.";
  assert.equal(
    partReasoning(text),
    "**Counting**\n\nThe answer is 3.\n\n**Confirming the count**\n\nOne, two, three.",
  );
});

test("every such heading is parted, and a parted text stays as it is", () => {
  const parted = partReasoning("a**B**\nc**D**\ne");
  assert.equal(parted, "a\n\n**B**\nc\n\n**D**\ne");
  assert.equal(partReasoning(parted), parted);
});

test("words in bold inside a line are left alone", () => {
  for (const text of [
    "a **bold** word",
    "so**so**so",
    "(**x**)",
    "2**3**4\n",
    "see **A** and **B**\nmore",
    "a** b **\n",
    "**A**\n\n**B**\n",
  ]) {
    assert.equal(partReasoning(text), text, text);
  }
});

test("while it grows, a heading counts only once its line is whole", () => {
  assert.equal(partReasoning("is 3.**Confirming the count**"), "is 3.**Confirming the count**");
  assert.equal(partReasoning("is 3.**Confirming the count**\n"), "is 3.\n\n**Confirming the count**\n");
});
