// How each element around this one is announced by itself, where it is.
(node) => {
  const roles = { status: "polite", alert: "assertive", log: "polite" };
  const found = [];
  for (let one = node; one; one = one.parentElement) {
    const live = one.getAttribute("aria-live") ?? roles[one.role];
    if (live) found.push(live);
  }
  return found;
}
