// Prices and context windows of the models that the page has heard of so far, for the estimate.
const known = new Map();

const key = (provider, model) => `${provider} ${model}`;

/** Take in models as the API lists them. */
export function learn(provider, models) {
  for (const { name, input_price, output_price, context_window } of models) {
    const prices =
      input_price === null || output_price === null ? null : { input: input_price, output: output_price };
    known.set(key(provider, name), { prices, contextWindow: context_window });
  }
}

/** {prices, contextWindow} of a model; both null where nobody has said. */
export const factsOf = (provider, model) =>
  known.get(key(provider, model)) ?? { prices: null, contextWindow: null };
