// Keeps what is read where it is while an answer changes between its text and its Markdown.

/** The nearest box round `node` that scrolls; null where none does. */
function scrollerOf(node) {
  for (let box = node.parentElement; box; box = box.parentElement) {
    if (box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY))
      return box;
  }
  return null;
}

/** Where the character at `offset` of the text stands, in pixels of the window. */
function topOf(view, offset) {
  if (view.isRaw) {
    const range = document.createRange();
    range.setStart(view.source, Math.min(offset, view.source.length));
    return range.getBoundingClientRect().top || view.root.getBoundingClientRect().top;
  }
  const { blocks } = view.rendered;
  const index = Math.max(
    0,
    blocks.findLastIndex((block) => block.start <= offset),
  );
  if (!blocks[index]) return view.root.getBoundingClientRect().top;
  const { top, height } = blocks[index].node.getBoundingClientRect();
  const { start } = blocks[index];
  const end = blocks[index + 1]?.start ?? view.text.length;
  return top + (end > start ? ((offset - start) / (end - start)) * height : 0);
}

/** The first character that is still seen at `edge`; null where the text begins below it. */
function offsetAt(view, edge) {
  if (topOf(view, 0) >= edge) return null;
  let [low, high] = [0, view.text.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (topOf(view, middle) < edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Run `change`, which switches `view`, and scroll so that the same characters stand where they stood. */
export function keepPlace(view, change) {
  const scroller = scrollerOf(view.root);
  if (!scroller) {
    change();
    return;
  }
  const isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 1;
  const offset = offsetAt(view, scroller.getBoundingClientRect().top);
  const before = offset === null ? 0 : topOf(view, offset);
  change();
  if (!isAtEnd && offset === null) return;
  const { isRaw } = view;
  let at = scroller.scrollTop;
  const look = (again) => {
    // Switched once more, or scrolled by the reader: the place is another one.
    if (view.isRaw !== isRaw || scroller.scrollTop !== at) return;
    scroller.scrollTop = isAtEnd ? scroller.scrollHeight : at + topOf(view, offset) - before;
    at = scroller.scrollTop;
    if (again > 0) requestAnimationFrame(() => look(again - 1));
  };
  // Blocks out of sight have a guessed height until they are laid out, in the frames to come.
  look(3);
}
