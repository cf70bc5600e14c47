"""What is run inside a page to see whether a hostile text did anything to it."""

# Before anything of the page's: canary() is what the texts would run.
WATCH = """
globalThis.canaryRuns = [];
Object.defineProperty(globalThis, "canary", { value: (...words) => canaryRuns.push(String(words)) });
for (const name of ["alert", "confirm", "prompt", "open"]) globalThis[name] = () => canaryRuns.push(name);
"""
# What no text may have brought onto a page, whoever made it.
LOOK = """
() => {
  const faults = canaryRuns.map((run) => `ran: ${run}`);
  const own = (url) => url.origin === location.origin;
  const mayLead = (node, url) => node.matches("a") && ["http:", "https:", "mailto:"].includes(url.protocol);
  for (const node of document.querySelectorAll("*")) {
    const tag = node.localName;
    if (/^(i?frame|object|embed|applet|base|portal|fencedframe|marquee)$/.test(tag)) faults.push(tag);
    if (tag === "meta" && /refresh|policy/i.test(node.httpEquiv)) faults.push("meta http-equiv");
    if (tag === "script" && !node.src && node.type !== "application/json") faults.push("inline script");
    for (const { name, value } of node.attributes) {
      if (name.startsWith("on")) faults.push(`${tag} ${name}`);
      if (/^(id|name)$/.test(name) && value.includes("clobbered")) faults.push(`${tag} ${name}=${value}`);
      if (/^(srcset|srcdoc|ping|background|formaction)$/.test(name)) faults.push(`${tag} ${name}`);
      if (!/^((xlink:)?href|src|action|data|poster|cite)$/.test(name) || value.startsWith("#")) continue;
      // Leads nowhere, but is no script either.
      if (tag === "a" && /^https?:\\/\\//.test(value) && !URL.canParse(value)) continue;
      const url = URL.canParse(value, location) ? new URL(value, location) : null;
      if (!url || !(own(url) || mayLead(node, url))) faults.push(`${tag} ${name}=${value}`);
    }
  }
  if ("clobbered" in globalThis || "clobbered" in document || {}.clobbered) faults.push("clobbered");
  for (const id of ["composer", "page-state"]) {
    if (document.querySelectorAll(`#${id}`).length > 1) faults.push(`a second #${id}`);
  }
  return faults;
}
"""
# After the texts: everything in them is touched that a person could touch, but for links that lead elsewhere
# as any link may. Methods are taken from where no text can put its own. Answers with what has run.
STIR = """
async (selector) => {
  const call = (method, node, ...words) => method.call(node, ...words);
  const { closest, getAttribute, getAttributeNames } = Element.prototype;
  const get = (node, name) => call(getAttribute, node, name);
  const addressOf = (node) => get(node, "href") ?? get(node, "xlink:href") ?? "";
  for (const node of call(Document.prototype.querySelectorAll, document, selector)) {
    for (const name of call(getAttributeNames, node)) {
      if (name.startsWith("on")) call(EventTarget.prototype.dispatchEvent, node, new Event(name.slice(2)));
    }
    const link = call(closest, node, "a, area");
    if (node instanceof HTMLFormElement) call(HTMLFormElement.prototype.requestSubmit, node);
    else if (!link || !/^(mailto:|https?:|[/][/])/i.test(addressOf(link))) {
      const click = new MouseEvent("click", { bubbles: true, cancelable: true });
      call(EventTarget.prototype.dispatchEvent, node, click);
    }
  }
  // Whatever fails to load has failed before this does.
  await new Promise((done) => requestAnimationFrame(done));
  await new Promise((done) => {
    const image = new Image();
    image.onerror = done;
    image.src = `${location.origin}/nowhere.png`;
  });
  return canaryRuns;
}
"""
