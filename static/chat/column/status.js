// The state of an answer as a shape and a word, and its figures. Pure, but for the words’ language.
import { isRunning } from "../live/reducer.js";
import { fill, gettext, number } from "../../webox/i18n.js";

const LABELS = {
  done: () => gettext("Done"),
  failed: () => gettext("Failed"),
  stopped: () => gettext("Stopped"),
  interrupted: () => gettext("Interrupted"),
};

const SHAPES = { done: "check", failed: "alert", stopped: "stop", interrupted: "alert" };

// A number and its unit stay on one line.
export const seconds = (ms) => `${number(ms / 1000, 1)}\u00a0s`;

/** A wait in seconds, or in milliseconds where seconds would read as nothing. */
export const shortTime = (ms) => (ms < 100 ? `${number(ms)}\u00a0ms` : seconds(ms));

/** What the answer does now, in one word. */
export function stateWord(answer) {
  if (!isRunning(answer)) return LABELS[answer.status]();
  if (answer.text.length > 0) return gettext("Writing");
  return answer.reasoning.length > 0 ? gettext("Thinking") : gettext("Waiting");
}

/** ring waits, disc writes, or the name of an icon for what has ended. */
export function stateShape(answer) {
  if (!isRunning(answer)) return SHAPES[answer.status];
  return answer.text.length + answer.reasoning.length > 0 ? "disc" : "ring";
}

/** What stands beside the shape; a finished answer shows its time, its tick says the rest. */
export function stateText(answer, elapsedMs) {
  if (answer.status === "done" && answer.total_ms !== null) return seconds(answer.total_ms);
  if (answer.status !== "streaming" || elapsedMs === null) return stateWord(answer);
  return `${stateWord(answer)} · ${seconds(elapsedMs)}`;
}

/** What stands on the folded reasoning: that it goes on, or how long it took. */
export function reasoningTitle(answer, elapsedMs) {
  if (answer.reasoning_ms !== null)
    return fill(gettext("Thought for %(time)s"), { time: seconds(answer.reasoning_ms) });
  const thinks = answer.status === "streaming" && answer.text.length === 0 && elapsedMs !== null;
  if (!thinks) return gettext("Reasoning");
  return fill(gettext("Thinking for %(time)s"), { time: seconds(elapsedMs - (answer.first_token_ms ?? 0)) });
}

/** Tokens the vendor counted, per second of writing; null when it counted none or the time is not known. */
export function tokensPerSecond({ output_tokens, first_token_ms, total_ms }) {
  if (!output_tokens || first_token_ms === null || total_ms === null || total_ms <= first_token_ms)
    return null;
  return (output_tokens * 1000) / (total_ms - first_token_ms);
}

/** Tokens of the question with all that went along, and of the answer; null when the vendor counted none. */
export function tokenTotal({ input_tokens, output_tokens }) {
  if (input_tokens === null && output_tokens === null) return null;
  return (input_tokens ?? 0) + (output_tokens ?? 0);
}

/** What those tokens were, a line each; empty when nothing is known. */
export function tokenSplit({ input_tokens, cached_tokens, output_tokens, reasoning_tokens }) {
  const lines = [
    [gettext("Input: %(count)s"), input_tokens],
    [gettext("of which cached: %(count)s"), cached_tokens || null],
    [gettext("Output: %(count)s"), output_tokens],
    [gettext("of which reasoning: %(count)s"), reasoning_tokens || null],
  ];
  return lines
    .filter(([, count]) => count !== null)
    .map(([line, count]) => fill(line, { count: number(count) }))
    .join("\n");
}

/** Which answer has the best finished value of each figure; only where there are two to tell apart. */
export function bestOf(answers) {
  const done = answers.filter((answer) => answer.status === "done");
  const best = (value, better) => {
    const rated = done.map((answer) => [answer.id, value(answer)]).filter(([, amount]) => amount !== null);
    if (new Set(rated.map(([, amount]) => amount)).size < 2) return null;
    return rated.reduce((a, b) => (better(b[1], a[1]) ? b : a))[0];
  };
  return {
    first: best(
      (answer) => answer.first_token_ms,
      (a, b) => a < b,
    ),
    rate: best(tokensPerSecond, (a, b) => a > b),
    cost: best(
      (answer) => answer.cost_usd,
      (a, b) => a < b,
    ),
  };
}

/**
 * What a conversation holds and cost so far: only of what is shown, the newest versions and all earlier ones.
 */
export function totalsOf({ messages, answers }) {
  const told = Object.values(answers);
  const costs = told.map((answer) => answer.cost_usd).filter((usd) => usd !== null);
  return {
    questions: messages.filter((message) => message.role === "user").length,
    answers: told.length,
    cost_usd: costs.length > 0 ? costs.reduce((sum, usd) => sum + usd, 0) : null,
  };
}

export const words = (text) => (text.trim() === "" ? 0 : text.trim().split(/\s+/u).length);
