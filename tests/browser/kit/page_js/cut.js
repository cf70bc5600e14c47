// Text that ends at the edge of a box which hides what is outside of it.
() => {
  // What scrolls, ends in an ellipsis or is for screen readers alone is not cut off by mistake.
  const spared = (one) => {
    const { overflowX, overflowY, textOverflow, position, clipPath } = getComputedStyle(one);
    const scrolls = [overflowX, overflowY].some((value) => value === "auto" || value === "scroll");
    return scrolls || textOverflow === "ellipsis" || clipPath !== "none" || (position === "absolute" && one.offsetWidth <= 1);
  };
  const cut = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (node.data.trim() === "" || !node.parentElement.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    if (text.width === 0) continue;
    for (let box = node.parentElement; box && box !== document.body; box = box.parentElement) {
      if (spared(box)) break;
      const { overflowX, overflowY } = getComputedStyle(box);
      const edge = box.getBoundingClientRect();
      const across = overflowX !== "visible" && (text.right > edge.right + 1.5 || text.left < edge.left - 1.5);
      const down = overflowY !== "visible" && (text.bottom > edge.bottom + 3 || text.top < edge.top - 3);
      if (across || down) cut.push(`${node.data.trim().slice(0, 40)} in ${box.tagName}.${box.className}`);
    }
  }
  return cut;
}
