// What an answer's AI is called where people read it.
import { fill, gettext, number } from "../../webox/i18n.js";

export const isDemo = (answer) => answer.provider === "demo";

export const vendorOf = (answer) => (isDemo(answer) ? gettext("Demo") : answer.label);

/** The demonstrations are told apart by their model, the others by their vendor. */
export const nameOf = (answer) => (isDemo(answer) ? `${vendorOf(answer)} · ${answer.model}` : answer.label);

/** The settings an answer was asked with, where it has some: what tells two columns of one AI apart. */
export function settingsOf({ settings }) {
  const parts = [];
  if (settings.temperature !== undefined)
    parts.push(fill(gettext("temperature %(value)s"), { value: number(settings.temperature, 1) }));
  if (settings.max_tokens !== undefined)
    parts.push(fill(gettext("at most %(count)s tokens"), { count: number(settings.max_tokens) }));
  if (settings.system_prompt !== undefined) parts.push(gettext("with a system prompt"));
  return parts.join(" · ");
}
