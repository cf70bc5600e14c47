// Text as it is searched: without case and accents, like chat/folding.py.

/** `folded`, and for each of its characters (and its end) where it stands in `text`. */
export function fold(text) {
  let folded = "";
  const starts = [];
  let at = 0;
  for (const character of text) {
    const plain = character.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    for (let index = 0; index < plain.length; index += 1) starts.push(at);
    folded += plain;
    at += character.length;
  }
  starts.push(at);
  return { folded, starts };
}
