// Amounts in US dollars as this language writes them.
import { fill, gettext, language } from "./i18n.js";

const SMALLEST = 0.0001;
const formats = new Map();

/** An amount with at least `least` and at most `most` decimals. */
export function dollars(amount, least, most) {
  const key = `${least} ${most}`;
  if (!formats.has(key)) {
    const options = {
      style: "currency",
      currency: "USD",
      currencyDisplay: "narrowSymbol",
      minimumFractionDigits: least,
      maximumFractionDigits: most,
    };
    formats.set(key, new Intl.NumberFormat(language, options));
  }
  return formats.get(key).format(amount);
}

/** What an answer cost; a dash where nobody knows. */
export function cost(usd) {
  if (usd === null || usd === undefined) return "–";
  if (usd === 0) return dollars(0, 0, 0);
  if (usd < SMALLEST) return fill(gettext("<%(amount)s"), { amount: dollars(SMALLEST, 4, 4) });
  return usd < 1 ? dollars(usd, 4, 4) : dollars(usd, 2, 2);
}

/** The price of a million tokens; a dash where nobody knows. */
export const price = (usd) => (usd === null || usd === undefined ? "–" : dollars(usd, 2, 4));
