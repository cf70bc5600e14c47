// @ts-check
// One growing text of an answer: what is there, its length in code points, and the pieces that came too
// early.
import { codePoints, dropCodePoints } from "./codepoints.js";

/**
 * `early` holds [offset, piece] pairs that start beyond the end, in order of their offset.
 * @typedef {{ text: string, length: number, early: [number, string][] }} Stream
 */

/**
 * @param {string} text
 * @returns {Stream}
 */
export const stream = (text) => ({ text, length: codePoints(text), early: [] });

/**
 * The stream with this piece: an older one is skipped, an overlap trimmed, a later one kept until the gap
 * closes.
 * @param {Stream} current
 * @param {number} offset
 * @param {string} piece
 * @returns {Stream}
 */
export function addPiece(current, offset, piece) {
  if (offset + codePoints(piece) <= current.length) return current;
  const at = current.early.findIndex(([other]) => other > offset);
  const early = current.early.toSpliced(at < 0 ? current.early.length : at, 0, [offset, piece]);
  return settle({ ...current, early });
}

/**
 * The stream whose text is now `text`; pieces that lie beyond it stay.
 * @param {Stream} current
 * @param {string} text
 */
export const replaceText = (current, text) => settle({ ...stream(text), early: current.early });

/** @param {Stream} current */
export const hasGap = (current) => current.early.length > 0;

/**
 * @param {Stream} current
 * @returns {Stream}
 */
function settle({ text, length, early }) {
  let used = 0;
  while (used < early.length && early[used][0] <= length) {
    const [offset, piece] = early[used];
    const end = offset + codePoints(piece);
    if (end > length) {
      text += dropCodePoints(piece, length - offset);
      length = end;
    }
    used += 1;
  }
  return { text, length, early: early.slice(used) };
}
