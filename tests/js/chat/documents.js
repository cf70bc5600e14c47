// Texts as AIs write them, and some as nobody should: each is streamed, cut at every character, and must end
// up the same.
const { raw } = String;

export const DOCUMENTS = [
  "# Title\n\nA paragraph with `snake_case_name` and **bold**.\n\n- one\n- two\n\n  more of two\n\n1. first\n2. second\n\nEnd.",
  "Text\n\n```python\ndef f():\n\n    return 1\n```\nright after\n\n~~~\n```\n~~~\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n\n> quote\n> more\n\n---\n\nlast",
  "Setext\n======\n\nlazy\n    continuation\n\n    indented code\n\n* a\n\n  ```js\n  x\n  ```\n* b\n\n***\nend 👍🏽",
  "```\nnever closed\n\n- not a list",
  raw`Euler: $e^{i\pi} + 1 = 0$, for \(x \in \mathbb{R}\) and $a_1*b*c_2$. It costs $5 and $10, or 5 $ à 10 $.

$$
\int_0^1 x^2\,dx
- \frac{1}{3}
= 0
$$

and then

\[
A = \begin{pmatrix} 1 & 2 \\[4pt] 3 & 4 \end{pmatrix}
\]
right after it.`,
  "before\n$$\nx\n$$\nafter\n\n$$x$$\n$$y$$ with words\n\n$$\nx\n$$ with words\n\nend",
  "open\n$$\n- not yet\n= a list\n\nnever closed\n\nend",
  "open\n\\[\n- a\n- b\n\n# next\n\\[ x\n",
  "- a\n  $$\n  x\n  $$\n- b\n\n  $$\n  y\n\n1. $$\n   z\n   $$\nout\n\n> $$\n> q\n> $$\n> more\n\n> $$\n> open\nlazy\n\nend",
  "1. $$\nx\n$$\n\ntext\n$$\n",
  "$$\n\n$$\n\n$$ $$\n\n$$$\nx\n$$$\n\n    $$\n    code\n    $$\n\n$$\nEOF",
  "| price | formula |\n|--|--|\n| $5 | $x^2$ |\n| 5$ | $5$ |\n$$\nx\n$$\n\n| a |\n|--|\n| 1 |\n$$\nopen\n\n- [ ] task $x$\n- [x] done",
  "`$x$` and ``$$`` and\n\n```math\n$$\nx\n$$\n```\n\n$HOME/$USER\n\n\\$5 and \\(x\n\n\\[1\\] and \\[Your name\\] and \\[x\\]\n\n[ref]: https://example.org\n\n$a\n$b$ c$\nend",
  "para $x_1 + *a* b\n```\ncode $y$\n```\npara $$z\n\n# $h$ and $\n\n$$a\nb$$\n\nend \\(a\\) \\",
  "![a](https://example.org/a.png) [![b](https://example.org/b.png)](https://example.org/)\n\n[x][later] <https://example.org>\n\nEnd of **it",
];
