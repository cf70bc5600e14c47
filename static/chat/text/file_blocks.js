// Text files as blocks inside a message. No DOM here.
const LANGUAGE = /\.(\w{1,12})$/;

/** A fence longer than any in the text. */
const fenceFor = (text) =>
  "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));

/** A message with these files below it, each as a block under its name. */
export function withFiles(message, files) {
  const blocks = files.map(({ name, text }) => {
    const fence = fenceFor(text);
    const language = LANGUAGE.exec(name)?.[1] ?? "";
    return `${name}\n\n${fence}${language}\n${text.replace(/\n$/, "")}\n${fence}`;
  });
  return [message, ...blocks].filter((part) => part !== "").join("\n\n");
}

/** The text in these bytes, or null where they are no text. */
export function textIn(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? null : text.replaceAll("\r\n", "\n");
  } catch {
    return null;
  }
}
