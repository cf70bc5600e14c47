// Every line that is seen or read out, each with where it stands; `stored` is what holds texts of people and AIs.
(stored) => {
  const found = new Set();
  const take = (text, where) => {
    const line = text.replace(/\s+/gu, " ").trim();
    if (/\p{L}{3}/u.test(line)) found.add(`${where}\u0000${line}`);
  };
  for (const one of document.body.querySelectorAll("*")) {
    const isStored = one.closest(stored)?.matches(":not(html)") ?? false;
    if (isStored || !one.checkVisibility()) continue;
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
      if (one.hasAttribute(name)) take(one.getAttribute(name), name);
    }
    if (one.matches("input[type=submit], input[type=button]")) take(one.value, "value");
    // Sentences with links and marks in them, and each piece by itself.
    if (one.childElementCount > 0 && !one.querySelector(stored) && one.textContent.length < 400) take(one.textContent, "text");
    for (const node of one.childNodes) if (node.nodeType === Node.TEXT_NODE) take(node.data, "text");
  }
  return [...found];
}
