// Text as it is searched: without case and accents, like chat/folding.py.

// What has no decomposition, though people type it as other letters; and what is there without being seen.
const SPELT = {
  œ: "oe",
  æ: "ae",
  ø: "o",
  đ: "d",
  ł: "l",
  ı: "i",
  ß: "ss",
  "’": "'",
  "\u00ad": "",
  "\u200b": "",
};

/** `folded`, and for each of its characters (and its end) where it stands in `text`. */
export function fold(text) {
  let folded = "";
  const starts = [];
  let at = 0;
  for (const character of text) {
    const bare = character.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    const plain = SPELT[bare] ?? bare;
    for (let index = 0; index < plain.length; index += 1) starts.push(at);
    folded += plain;
    at += character.length;
  }
  starts.push(at);
  return { folded, starts };
}
