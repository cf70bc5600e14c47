import assert from "node:assert/strict";
import { test } from "node:test";

import { finalBlocks, markdown, parseBlocks, renderBlock } from "../blocks.js";

const html = (text) => parseBlocks(text).map(renderBlock).join("");

const DOCUMENTS = [
  "# Title\n\nA paragraph with `snake_case_name` and **bold**.\n\n- one\n- two\n\n  more of two\n\n1. first\n2. second\n\nEnd.",
  "Text\n\n```python\ndef f():\n\n    return 1\n```\nright after\n\n~~~\n```\n~~~\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n\n> quote\n> more\n\n---\n\nlast",
  "Setext\n======\n\nlazy\n    continuation\n\n    indented code\n\n* a\n\n  ```js\n  x\n  ```\n* b\n\n***\nend 👍🏽",
  "```\nnever closed\n\n- not a list",
];

for (const [index, text] of DOCUMENTS.entries()) {
  test(`document ${index}: what was final in mid-stream is in the whole text, as it was`, () => {
    let start = 0;
    const shown = [];
    for (let end = 1; end <= text.length; end += 1) {
      const tail = text.slice(start, end);
      const blocks = parseBlocks(tail);
      const final = finalBlocks(blocks, tail);
      shown.push(...blocks.slice(0, final).map(renderBlock));
      if (final > 0) start += final < blocks.length ? blocks[final].start : blocks[final - 1].end;
    }
    shown.push(...parseBlocks(text.slice(start)).map(renderBlock));
    assert.deepEqual(shown, parseBlocks(text).map(renderBlock));
    assert.equal(shown.join(""), markdown.render(text));
  });
}

test("a block is not final while its successor’s first line is not whole", () => {
  const final = (text) => finalBlocks(parseBlocks(text), text);
  assert.equal(final("one\n\n-"), 0);
  assert.equal(final("one\n\ntwo"), 0);
  assert.equal(final("one\n\ntwo\n"), 1);
  assert.equal(final("Title\n=="), 0);
});

test("a closed fence is final at once, with its closing line whole", () => {
  const final = (text) => finalBlocks(parseBlocks(text), text);
  assert.equal(final("```js\nx\n```"), 0);
  assert.equal(final("```js\nx\n```\n"), 1);
  assert.equal(final("````\n```\n"), 0);
  assert.equal(parseBlocks("```js\nx\n").at(0).fence.open, true);
});

test("HTML stays text", () => {
  assert.equal(html("<img src=x onerror=alert(1)><b>x</b>"), "<p>&lt;img src=x onerror=alert(1)&gt;&lt;b&gt;x&lt;/b&gt;</p>\n");
});

test("links lead to http, https and mailto only, and open apart", () => {
  for (const address of ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "vbscript:x", "/admin/", "//evil.example", "file:///etc/passwd"]) {
    assert.ok(!html(`[x](${address})`).includes("<a "), address);
  }
  const link = html("[x](https://example.com/a)");
  assert.ok(link.includes('href="https://example.com/a" target="_blank" rel="noopener noreferrer nofollow"'));
  assert.ok(html("[x](mailto:a@example.com)").includes('href="mailto:a@example.com"'));
  assert.ok(html("see https://example.com").includes("<a "));
  assert.ok(!html("see README.md and example.com").includes("<a "));
});

test("images are links that name their host", () => {
  const image = html("![alt](https://example.com/pixel.png?secret=1)");
  assert.ok(!image.includes("<img"));
  assert.ok(image.includes(">image: example.com</a>"));
  assert.ok(!html("![a](data:image/png;base64,AA)").includes("<img"));
});

test("alignment is a class, headings leave h1 and h2 to the page", () => {
  const table = html("| a |\n|--:|\n| 1 |\n");
  assert.ok(table.includes('<td class="align-right">') && !table.includes("style="));
  assert.ok(html("# a") === '<h3 class="major">a</h3>\n' && html("### a").startsWith("<h3>") && html("###### a").startsWith("<h6>"));
});
