// Draws formulas as MathML. The library comes with the first formula; until then, and where TeX is wrong, its
// source stands.
import { gettext } from "../../webox/i18n.js";
import { toMath } from "./html.js";
import { unwrap } from "./math_rule.js";

// A longer one is no formula that anybody reads; drawing it would hold the page.
const MAX_CHARS = 5_000;
const CACHED = 500;
// Nothing of `trust`: no links, images, classes or ids out of a formula.
const SETTINGS = { throwOnError: true, trust: false, maxSize: [20, 20] };

let temml = null;
let loading = null;
const drawn = new Map();

function load() {
  loading ??= import("../../vendor/temml/temml.mjs").then(
    (module) => {
      temml = module.default;
    },
    () => {
      // Offline: the source is readable, and the next formula tries again.
      loading = null;
    },
  );
  return loading;
}

/** The formula as nodes of its own, or null where the TeX is wrong. One that is seen again is only copied. */
function draw(written) {
  if (!drawn.has(written)) {
    if (drawn.size >= CACHED) drawn.delete(drawn.keys().next().value);
    drawn.set(written, render(written));
  }
  return drawn.get(written)?.cloneNode(true);
}

function render(written) {
  if (written.length > MAX_CHARS) return null;
  const { tex, display } = unwrap(written);
  // As nodes, never as a string: the styles it sets would be refused in one, and there is nothing to be
  // parsed amiss.
  const holder = document.createElement("div");
  try {
    temml.render(tex, holder, { ...SETTINGS, displayMode: display });
    return toMath(holder.firstChild);
  } catch {
    return null;
  }
}

/** Only a formula that is wider than its column scrolls, and is a place for the keyboard to stop at. */
const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const scrolls = target.scrollWidth > target.clientWidth;
    if (scrolls === target.hasAttribute("tabindex")) continue;
    for (const [name, value] of [
      ["tabindex", "0"],
      ["role", "group"],
      ["aria-label", gettext("Formula")],
    ]) {
      if (scrolls) target.setAttribute(name, value);
      else target.removeAttribute(name);
    }
  }
});

function show(places) {
  for (const place of places) {
    const written = place.textContent;
    const formula = draw(written);
    if (!formula) continue;
    place.classList.add("drawn");
    place.replaceChildren(formula);
    if (!unwrap(written).display) continue;
    place.classList.add("display");
    widths.observe(place);
  }
}

/** Draw the formulas in `root`: at once, or as soon as the library is there. */
export function drawMath(root) {
  const places = [...root.querySelectorAll(".math")];
  if (places.length === 0) return;
  if (temml) show(places);
  else load().then(() => temml && show(places));
}
