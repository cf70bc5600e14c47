// Why a person would not see what has the focus; empty where they do.
() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body) return "nothing has the focus";
  const box = focused.getBoundingClientRect();
  const middle = { x: box.x + Math.min(box.width, innerWidth) / 2, y: box.y + Math.min(box.height, innerHeight) / 2 };
  const name = focused.outerHTML.slice(0, 160);
  if (box.width < 2 || box.height < 2) return `too small to see: ${name}`;
  if (box.right < 4 || box.bottom < 4 || box.left > innerWidth - 4 || box.top > innerHeight - 4) return `out of sight: ${name}`;
  const points = [[middle.x, middle.y], [box.left + 3, middle.y], [box.right - 3, middle.y]];
  const open = points.some(([x, y]) => {
    const top = document.elementFromPoint(x, y);
    return top && (focused.contains(top) || top.contains(focused) || [...(focused.labels ?? [])].some((one) => one.contains(top)));
  });
  if (!open) return `covered: ${name}`;
  const looks = (one) => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor } = getComputedStyle(one);
    return [outlineStyle === "none" ? "" : outlineStyle + outlineWidth + outlineColor, boxShadow, borderColor, backgroundColor].join();
  };
  // What shows it: itself, or the box it stands in.
  const shown = [focused, focused.parentElement, focused.closest("label, form > div, .composer-box, .palette-head")].filter(Boolean);
  const before = shown.map(looks).join();
  const how = { preventScroll: true, focusVisible: true };
  const range = focused.selectionStart;
  const mute = (event) => event.stopImmediatePropagation();
  for (const type of ["focus", "blur", "focusin", "focusout", "change"]) addEventListener(type, mute, true);
  focused.blur();
  const after = shown.map(looks).join();
  focused.focus(how);
  for (const type of ["focus", "blur", "focusin", "focusout", "change"]) removeEventListener(type, mute, true);
  if (range !== null && range !== undefined && focused.setSelectionRange && focused.type !== "email") focused.setSelectionRange(range, range);
  return before === after ? `looks the same with and without focus: ${name}` : "";
}
