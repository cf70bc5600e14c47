// A search led here: the words it was about are marked where they stand.
import { fold } from "./fold.js";

const NAME = "hit";

/** Mark all places under `root` where one of these words stands, in any case and with any accents. */
export function markWords(root, words) {
  if (!globalThis.Highlight) return;
  const ranges = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const [from, to] of placesOf(node.data, words)) {
      const range = new Range();
      range.setStart(node, from);
      range.setEnd(node, to);
      ranges.push(range);
    }
  }
  CSS.highlights.set(NAME, new Highlight(...ranges));
}

export const unmarkWords = () => globalThis.CSS?.highlights?.delete(NAME);

/** [from, to] of each place in `text` where one of the words begins a word. */
export function placesOf(text, words) {
  const { folded, starts } = fold(text);
  const wanted = fold(words).folded.split(/\s+/).filter(Boolean);
  const found = [];
  for (const word of wanted) {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
      if (at === 0 || !/[\p{L}\p{N}]/u.test(folded[at - 1]))
        found.push([starts[at], starts[at + word.length]]);
    }
  }
  return found.sort(([a], [b]) => a - b);
}
