// An answer without its marks, to be pasted where Markdown means nothing.

/** What a rendered answer says, without its marks: blocks on lines of their own, cells apart. */
export function plainText(prose) {
  const parts = [];
  for (const node of prose.querySelectorAll(
    "p, h3, h4, h5, h6, li, pre > code, tr, hr, math[display=block]",
  )) {
    // Of a nested list its own words alone; its items come by themselves.
    if (node.matches("li") && node.querySelector("p")) continue;
    if (node.matches("tr")) parts.push([...node.cells].map((cell) => cell.textContent.trim()).join("\t"));
    else if (node.matches("hr")) parts.push("---");
    else parts.push(`${node.closest("li") ? "- " : ""}${ownText(node).trim()}`);
  }
  return parts.join("\n");
}

const ownText = (node) =>
  [...node.childNodes]
    .filter((child) => !/^(UL|OL|DIV)$/.test(child.nodeName))
    .map((child) => child.textContent)
    .join("");
