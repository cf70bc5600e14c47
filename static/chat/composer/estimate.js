// What a question would cost, before it is sent: a rough count of what each AI would be told. No DOM here.
import { columnsOf, versionsOf } from "../live/reducer.js";

const CHARS_PER_TOKEN = 4;
// An image of usual size, as most vendors count it.
const IMAGE_TOKENS = 1_100;
// Where the conversation does not show yet how long its answers are.
const ANSWER_TOKENS = 600;
const MILLION = 1_000_000;

const tokensOf = (text) => text.length / CHARS_PER_TOKEN;

/** The text that stands for one AI’s answer in a turn: the chosen version, else the newest with text. */
function textOf(versions) {
  const chosen = versions.find((answer) => answer.is_chosen);
  return (chosen ?? versions.findLast((answer) => answer.text.length > 0))?.text.text ?? "";
}

/**
 * Tokens of what an AI of this name is told of the conversation in this context: `own`, `chosen` or `all`.
 */
export function toldTokens(state, name, context) {
  let tokens = 0;
  for (const message of state.messages) {
    tokens += tokensOf(message.content) + message.attachments.length * IMAGE_TOKENS;
    if (message.role !== "assistant") continue;
    const columns = versionsOf(state, message.id);
    const own = columns.find(([first]) => first.name === name);
    const chosen =
      context === "chosen" ? columns.find((versions) => versions.some((answer) => answer.is_chosen)) : null;
    const told = context === "all" ? columns : [chosen ?? own].filter(Boolean);
    for (const versions of told) tokens += tokensOf(textOf(versions));
  }
  return tokens;
}

/** How long this AI’s answers have been so far, in tokens; a usual length where it has given none. */
function answerTokens(state, name) {
  const lengths = state.messages
    .flatMap((message) => columnsOf(state, message.id).map((id) => state.answers[id]))
    .filter((answer) => answer.name === name && answer.status === "done")
    .map((answer) => answer.output_tokens ?? tokensOf(answer.text.text));
  return lengths.length > 0
    ? lengths.reduce((sum, length) => sum + length, 0) / lengths.length
    : ANSWER_TOKENS;
}

/**
 * {input, output, usd, unknown, tooLong} for a question to `asked`: [{name, settings, prices,
 * contextWindow}], where
 * prices are {input, output} in dollars a million, or null. `usd` counts what is known, `unknown` names the
 * others, and
 * `tooLong` those whose context window is too small.
 */
export function estimate(state, asked, { text, images, context }) {
  const total = { input: 0, output: 0, usd: 0, unknown: [], tooLong: [] };
  for (const one of asked) {
    const system = tokensOf(one.settings.system_prompt ?? "");
    const input = system + toldTokens(state, one.name, context) + tokensOf(text) + images * IMAGE_TOKENS;
    const output = Math.min(answerTokens(state, one.name), one.settings.max_tokens ?? Infinity);
    total.input += input;
    total.output += output;
    if (one.prices) total.usd += (input * one.prices.input + output * one.prices.output) / MILLION;
    else total.unknown.push(one.name);
    if (one.contextWindow && input > one.contextWindow) total.tooLong.push(one);
  }
  return total;
}

/** Names as the server gives them: the target, `target#2` where it is repeated. */
export function namesOf(targets) {
  const seen = new Map();
  return targets.map((target) => {
    seen.set(target, (seen.get(target) ?? 0) + 1);
    return seen.get(target) === 1 ? target : `${target}#${seen.get(target)}`;
  });
}
