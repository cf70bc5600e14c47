import assert from "node:assert/strict";
import { test } from "node:test";

import { finalBlocks, parseBlocks, renderBlock } from "../../../../static/chat/text/blocks.js";
import { markdown } from "../../../../static/chat/text/dialect.js";
import { DOCUMENTS } from "../documents.js";

const html = (text) => parseBlocks(text).map(renderBlock).join("");
const finalCount = (text) => finalBlocks(parseBlocks(text, { growing: true }), text);

for (const [index, text] of DOCUMENTS.entries()) {
  test(`document ${index}: what was final in mid-stream is in the whole text, as it was`, () => {
    let start = 0;
    const shown = [];
    for (let end = 1; end <= text.length; end += 1) {
      const tail = text.slice(start, end);
      const blocks = parseBlocks(tail, { growing: true });
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
  const final = finalCount;
  assert.equal(final("one\n\n-"), 0);
  assert.equal(final("one\n\ntwo"), 0);
  assert.equal(final("one\n\ntwo\n"), 1);
  assert.equal(final("Title\n=="), 0);
});

test("a closed fence is final at once, with its closing line whole", () => {
  const final = finalCount;
  assert.equal(final("```js\nx\n```"), 0);
  assert.equal(final("```js\nx\n```\n"), 1);
  assert.equal(final("````\n```\n"), 0);
  assert.equal(parseBlocks("```js\nx\n").at(0).fence.open, true);
});

test("HTML stays text", () => {
  assert.equal(
    html("<img src=x onerror=alert(1)><b>x</b>"),
    "<p>&lt;img src=x onerror=alert(1)&gt;&lt;b&gt;x&lt;/b&gt;</p>\n",
  );
});

test("links lead to http, https and mailto only, and open apart", () => {
  for (const address of [
    "javascript:alert(1)",
    "JaVaScRiPt:x",
    "data:text/html,x",
    "vbscript:x",
    "/admin/",
    "//evil.example",
    "file:///etc/passwd",
  ]) {
    assert.ok(!html(`[x](${address})`).includes("<a "), address);
  }
  const link = html("[x](https://example.com/a)");
  for (const part of [
    'href="https://example.com/a"',
    'target="_blank"',
    'rel="noopener noreferrer nofollow"',
  ])
    assert.ok(link.includes(part));
  assert.ok(html("[x](mailto:a@example.com)").includes('href="mailto:a@example.com"'));
  assert.ok(html("see https://example.com").includes("<a "));
  assert.ok(!html("see README.md and example.com").includes("<a "));
});

test("an image is a link that names its host and what a click tells it", () => {
  const image = html("![Paris <at> night](https://example.com/pixel.png?secret=1)");
  assert.ok(!image.includes("<img"));
  assert.ok(image.includes(">Show image from example.com</span>"));
  assert.ok(image.includes("Paris &lt;at&gt; night") && image.includes("The site will learn"));
  assert.ok(!html("![a](data:image/png;base64,AA)").includes("<img"));
});

test("an image in a link is its words, so that the link leads where it leads", () => {
  const link = html("[![build](https://shields.example/b.svg)](https://example.org/repository)");
  assert.equal(link.match(/<a /g).length, 1);
  assert.ok(
    link.includes(">build</a>") && link.includes('title="example.org"') && !link.includes("shields.example"),
  );
});

test("a link says where it leads unless its text does", () => {
  const title = (text) => /title="([^"]*)"/.exec(html(text))?.[1];
  assert.equal(title("https://example.org/page"), undefined);
  assert.equal(title("[example.org](https://example.org/page)"), undefined);
  assert.equal(title("[the docs](https://example.org/page)"), "example.org");
  assert.equal(title("[https://bank.example](https://evil.example/x)"), "evil.example");
  assert.equal(title("[evil.example.bank.example](https://evil.example)"), "evil.example");
  assert.equal(title('[here](https://evil.example "bank.example")'), "evil.example · bank.example");
  assert.equal(title("[write](mailto:ana@example.org)"), "ana@example.org");
  assert.equal(title("https://аррӏе.example/"), "xn--80ak6aa92e.example");
});

test("a link inside of a link says its own place, and so does the outer one", () => {
  const links = html("[see <https://inner.example>](https://outer.example)");
  assert.ok(links.includes('title="outer.example"') && links.includes('href="https://inner.example"'));
});

test("a task has its box in place of the bullet", () => {
  const list = html("- [ ] one\n- [x] **two**\n- [link] three\n- [ ]four");
  assert.ok(
    list.includes('<li class="task">☐ one</li>') &&
      list.includes('<li class="task">☑ <strong>two</strong></li>'),
  );
  assert.ok(list.includes("<li>[link] three</li>") && list.includes("<li>[ ]four</li>"));
});

test("the cells of a table’s head say that they head a column", () => {
  assert.ok(html("| a |\n|--|\n| b |").includes('<th scope="col">a</th>'));
});

test("alignment is a class, headings leave h1 and h2 to the page", () => {
  const table = html("| a |\n|--:|\n| 1 |\n");
  assert.ok(table.includes('<td class="align-right">') && !table.includes("style="));
  assert.ok(
    html("# a") === '<h3 class="major">a</h3>\n' &&
      html("### a").startsWith("<h3>") &&
      html("###### a").startsWith("<h6>"),
  );
});
