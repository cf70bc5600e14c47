// @ts-check
// Offsets on the wire count Unicode code points; JavaScript’s `length` counts UTF-16 units.
const SURROGATE = /[\uD800-\uDBFF]/;

/** @param {number} unit */
const isHigh = (unit) => (unit & 0xfc00) === 0xd800;
/** @param {number} unit */
const isLow = (unit) => (unit & 0xfc00) === 0xdc00;

/**
 * How many code points a text has.
 * @param {string} text
 */
export function codePoints(text) {
  let count = text.length;
  if (!SURROGATE.test(text)) return count;
  for (let i = 0; i + 1 < text.length; i += 1) {
    if (isHigh(text.charCodeAt(i)) && isLow(text.charCodeAt(i + 1))) {
      count -= 1;
      i += 1;
    }
  }
  return count;
}

/**
 * `text` without its first `count` code points.
 * @param {string} text
 * @param {number} count
 */
export function dropCodePoints(text, count) {
  if (!SURROGATE.test(text)) return text.slice(count);
  let i = 0;
  for (let left = count; left > 0 && i < text.length; left -= 1) {
    i += isHigh(text.charCodeAt(i)) && isLow(text.charCodeAt(i + 1)) ? 2 : 1;
  }
  return text.slice(i);
}
