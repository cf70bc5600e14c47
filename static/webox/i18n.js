// Words of the page. Without Django's catalogue (a failed load, a test) everything stays in English.
const catalogue = globalThis.django ?? {};

export const gettext = (text) => (catalogue.gettext ? catalogue.gettext(text) : text);

export const ngettext = (one, many, count) => {
  if (catalogue.ngettext) return catalogue.ngettext(one, many, count);
  return count === 1 ? one : many;
};

/** Fill `%(name)s` from `values`; a name without a value stays as it is, and `%%` becomes `%`. */
export const fill = (template, values) =>
  template.replace(/%%|%\((\w+)\)[sd]/g, (all, name) => {
    if (all === "%%") return "%";
    return values[name] === undefined || values[name] === null ? all : String(values[name]);
  });

export const language = globalThis.document?.documentElement.lang || "en";

const formats = new Map();

/** A number as this language writes it, with `digits` decimals. */
export const number = (value, digits = 0) => {
  if (!formats.has(digits)) {
    formats.set(
      digits,
      new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    );
  }
  return formats.get(digits).format(value);
};
