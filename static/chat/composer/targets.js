// The AIs of the next question: {target, settings} each, and as the page knows them also provider and model.
// No DOM here.

/** An entry of what the API calls a target: a string, or an object with settings. */
export const fromTarget = (value) =>
  typeof value === "string" ? { target: value, settings: {} } : { settings: {}, ...value };

/** What the API takes: the bare string where there are no settings. */
export const toTarget = ({ target, settings }) =>
  Object.keys(settings).length > 0 ? { target, settings } : target;

/** The AI of an entry among those the page offers; undefined where it is not there any more. */
export function aiOf({ target, provider }, ais) {
  return (
    ais.find((ai) => ai.target === target) ??
    ais.find((ai) => ai.provider === (provider ?? target.split(":")[0]))
  );
}

/** The model an entry asks for. */
export function modelOf({ target, model }, ai) {
  if (model) return model;
  return ai.target !== target && target.includes(":") ? target.slice(target.indexOf(":") + 1) : ai.model;
}

/** The target of another model of this AI; its own name stands for the usual one. */
export const targetFor = (ai, model) =>
  model === "" || model === ai.model ? ai.target : `${ai.provider}:${model}`;

const same = (one, other) =>
  one.target === other.target &&
  JSON.stringify(sorted(one.settings)) === JSON.stringify(sorted(other.settings));

const sorted = (settings) => Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));

export const sameEntries = (some, others) =>
  some.length === others.length && some.every((one, index) => same(one, others[index]));

/** The AIs of a conversation’s last turn, as they were asked there; empty where there is none. */
export function entriesOfLastTurn(messages) {
  const last = messages.filter((message) => message.answers?.length > 0).at(-1);
  if (!last) return [];
  const columns = new Map(last.answers.map((answer) => [answer.position, answer]));
  return [...columns]
    .sort(([a], [b]) => a - b)
    .map(([, { target, provider, model, settings }]) => ({
      target,
      provider,
      model,
      settings: settings ?? {},
    }));
}
