// Moments as a person says them.
import { language } from "./i18n.js";

const STEPS = [
  ["year", 365 * 24 * 3600],
  ["month", 30 * 24 * 3600],
  ["day", 24 * 3600],
  ["hour", 3600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const whole = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });

/** How long ago a moment was, like “2 hours ago”; less than a minute is “now”. */
export function ago(moment, now = Date.now()) {
  // The server’s clock may run a little ahead of this one’s.
  const past_s = Math.max(0, (now - Date.parse(moment)) / 1000);
  const [unit, length_s] = STEPS.find(([, seconds]) => past_s >= seconds) ?? ["second", Infinity];
  return relative.format(-Math.floor(past_s / length_s), unit);
}

/** Date and time in full. */
export const fullDate = (moment) => whole.format(new Date(moment));
