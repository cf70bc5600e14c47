// Why an AI can’t be asked, in words.
import { gettext } from "../../webox/i18n.js";

const REASONS = {
  no_key: () => gettext("Key to add"),
  unreadable_key: () => gettext("Key must be entered again"),
  not_set_up: () => gettext("Not set up"),
  premium: () => gettext("With Premium"),
  not_in_plan: () => gettext("Not in your plan"),
  provider_disabled: () => gettext("Switched off"),
};

/** The reason of an AI that is not ready; one without need of a key lacks its address instead. */
export function reasonOf({ reason, needs_key }) {
  const code = reason === "no_key" && !needs_key ? "not_set_up" : reason;
  return (REASONS[code] ?? (() => gettext("Not available yet")))();
}
