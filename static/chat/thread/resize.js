// The edge between two columns: drag it, or move it with the arrow keys; a double click makes all the same
// again.
import { el } from "../../webox/dom.js";
import { fill, gettext } from "../../webox/i18n.js";

const STEP_PX = 32;

/**
 * An edge for the `column` of this name. `onMove(px)` widens it by so much, `onEnd()` keeps that, `onReset()`
 * undoes all.
 */
export function resizer(name, column, { onMove, onEnd, onReset }) {
  const label = fill(gettext("Width of %(name)s"), { name });
  const edge = el("div", {
    class: "resizer",
    role: "separator",
    tabindex: "0",
    "aria-orientation": "vertical",
    "aria-valuenow": "0",
    "aria-label": label,
    title: gettext("Drag to widen; double-click for the same width"),
  });
  // How wide it is, in hundredths of all columns.
  const tell = () =>
    edge.setAttribute(
      "aria-valuenow",
      String(Math.round((100 * column.offsetWidth) / (column.parentElement?.scrollWidth || Infinity))),
    );
  new ResizeObserver(tell).observe(column);
  let from = null;
  edge.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    from = event.clientX;
    edge.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  edge.addEventListener("pointermove", ({ clientX }) => {
    if (from === null) return;
    onMove(clientX - from);
    from = clientX;
  });
  const end = () => {
    if (from === null) return;
    from = null;
    onEnd();
  };
  edge.addEventListener("pointerup", end);
  edge.addEventListener("pointercancel", end);
  edge.addEventListener("dblclick", onReset);
  edge.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -STEP_PX, ArrowRight: STEP_PX }[event.key];
    if (event.altKey || (step === undefined && event.key !== "Enter")) return;
    event.preventDefault();
    if (step === undefined) {
      onReset();
      return;
    }
    onMove(step);
    onEnd();
  });
  return edge;
}
