// What an answer's AI is called where people read it.
import { gettext } from "../webox/i18n.js";

export const isDemo = (answer) => answer.provider === "demo";

export const vendorOf = (answer) => (isDemo(answer) ? gettext("Demo") : answer.label);

/** The demonstrations are told apart by their model, the others by their vendor. */
export const nameOf = (answer) => (isDemo(answer) ? `${vendorOf(answer)} · ${answer.model}` : answer.label);
