// How reasoning is shown. No DOM here.

// A part’s heading that follows the last word of the part before: some vendors put nothing between the two.
// Only with its line’s end in sight is it known to be a heading and not a word in bold.
const JOINED_HEADING = /([^\s*])(\*\*(?! )[^*\n]*[^*\s]\*\*)(?=\n)/g;

/** The text with a blank line before each heading that directly follows other text. */
export const partReasoning = (text) => text.replace(JOINED_HEADING, "$1\n\n$2");
