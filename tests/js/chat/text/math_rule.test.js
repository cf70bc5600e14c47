import assert from "node:assert/strict";
import { test } from "node:test";

import { finalBlocks, parseBlocks, renderBlock } from "../../../../static/chat/text/blocks.js";
import { unwrap } from "../../../../static/chat/text/math_rule.js";

const { raw } = String;
const html = (text, options) => parseBlocks(text, options).map(renderBlock).join("");
const formulas = (text) => [...html(text).matchAll(/class="math">([^<]*)</g)].map(([, written]) => written);

test("each way to write a formula is one", () => {
  assert.deepEqual(formulas(raw`$x$, \(y\), $$z$$ and \[w\] in a line`), [
    "$x$",
    raw`\(y\)`,
    "$$z$$",
    raw`\[w\]`,
  ]);
  assert.deepEqual(formulas("$$\nx\n- y\n$$"), ["$$\nx\n- y\n$$"]);
  assert.deepEqual(formulas(raw`\[` + "\nx\n" + raw`\]`), ["\\[\nx\n\\]"]);
  assert.deepEqual(
    formulas(raw`$\text{if } a$ ($x$), "$y$" – $2x$; $5$ apples, $3 \text{ or so}$`).length,
    6,
  );
  assert.deepEqual(formulas(raw`$|x|$ costs \$5 to \$6, $\$5$`), ["$|x|$", raw`$\$5$`]);
  assert.deepEqual(formulas(raw`**$x$** and _$y$_ and [$z$](https://example.org)`).length, 3);
});

const NO_FORMULA = [
  "costs $5 and $10",
  "5 $ à 10 $",
  "US$3.50–$4",
  "$5-$10, $5/$10, $5/month and $10/month",
  "5$, 10$ and 15$",
  "pay $5.00 (or 5$)",
  "de $5 à 10$",
  "from $1.2M to $3M, i.e. 2$.",
  "**$5**–**$6**",
  "A$5, C$6, 7US$",
  "$HOME and $PATH",
  "$HOME/$USER",
  "echo $HOME $",
  "$$ cheap and $$ pricey",
  "$$$ or $$$$",
  "$ x $",
  "$x $",
  "$$",
  "$$ $$",
  "$a$b",
  "a$b$",
  raw`\$x\$`,
  raw`\[Your name\], \[1\]`,
  raw`\\(x\\)`,
  "`$x$`",
  "$a `b$`",
  "``\n$x$ $$y$$\n``",
  "    $$\n    x\n    $$",
  "```\n$x$\n$$\ny\n$$\n```",
  "```math\nx\n```",
  "$5\n\n$6",
  "$$\nx\n\n$$",
];

for (const text of NO_FORMULA) {
  test(`no formula: ${JSON.stringify(text)}`, () => assert.deepEqual(formulas(text), []));
}

test("what is written between the signs stays as it is, and cannot become HTML", () => {
  assert.equal(
    html("$a_1*b*c<b onclick=x>$"),
    '<p><span class="math">$a_1*b*c&lt;b onclick=x&gt;$</span></p>\n',
  );
  assert.equal(html("$$\n<script>\n$$"), '<p class="math">$$\n&lt;script&gt;\n$$</p>\n');
});

test("an open formula is shown as it is written, without the Markdown in it", () => {
  const growing = (text) => html(text, { growing: true });
  assert.equal(growing("so $a_1 + _b_ "), "<p>so $a_1 + _b_</p>\n");
  assert.equal(growing(raw`so \(a *b* `), "<p>so \\(a *b*</p>\n");
  assert.equal(growing("$$\n- a\n- *b*\n"), "<p>$$\n- a\n- *b*</p>\n");
  assert.equal(growing("$$\n- a\n  "), "<p>$$\n- a</p>\n");
  // A price is no open formula: the text behind it is as it will be.
  assert.ok(growing("costs $5 and *not* ").includes("<em>not</em>"));
  // Nor is anything once its paragraph is over.
  assert.ok(growing("so $a + *b*\n\nnext").includes("<em>b</em>"));
});

test("a block is complete only when its formula is", () => {
  const final = (text) => finalBlocks(parseBlocks(text, { growing: true }), text);
  assert.equal(final("$$\nx\n"), 0);
  assert.equal(final("$$\nx\n$$"), 0);
  assert.equal(final("$$\nx\n$$\n"), 1);
  assert.equal(final("before\n$$\nx\n"), 0);
  assert.equal(final("before\n$$\nx\n$$"), 0);
  assert.equal(final("before\n$$\nx\n$$\n"), 2);
});

test("TeX without its signs", () => {
  assert.deepEqual(unwrap("$x$"), { tex: "x", display: false });
  assert.deepEqual(unwrap(raw`\( x \)`), { tex: "x", display: false });
  assert.deepEqual(unwrap("$$\nx\n$$"), { tex: "x", display: true });
  assert.deepEqual(unwrap(raw`\[x\]`), { tex: "x", display: true });
});

// Four times the text takes about four times the work: a rule that searches again and again takes sixteen
// times.
const HOSTILE = [
  "$",
  "$a ",
  "$$",
  "\\(",
  "\\[",
  "\\[\n",
  "$$\n",
  "$$ x",
  "$5 a",
  "\\",
  "$\\",
  "- $$\n",
  "> \\[\n",
  "$a`",
  "| $ ",
  "$[x](",
];

/** How many characters are searched while a text is read. */
function charsSearched(text) {
  const { indexOf } = String.prototype;
  let count = 0;
  String.prototype.indexOf = function search(wanted, from = 0) {
    const found = indexOf.call(this, wanted, from);
    count += (found < 0 ? this.length : found) - from + 1;
    return found;
  };
  try {
    parseBlocks(text, { growing: true });
  } finally {
    String.prototype.indexOf = indexOf;
  }
  return count;
}

for (const piece of HOSTILE) {
  test(`a hostile text is not searched again and again: ${JSON.stringify(piece)}`, () => {
    const [short, long] = [5_000, 20_000].map((chars) => charsSearched(piece.repeat(chars / piece.length)));
    assert.ok(long < 6 * short + 1000, `${short}, then ${long}`);
  });
}
