// The sign of an AI, and the sign of what its answer does: a shape and a word.
import { el, icon, setText } from "../../webox/dom.js";
import { stateShape } from "./status.js";

/**
 * Its letters are drawn and are no text: they are part of no name that is read out or said to the machine.
 */
export const markOf = (provider, mark) =>
  el("span", { class: "mark", data: { vendor: provider, mark }, "aria-hidden": "true" });

export const stateSign = () =>
  el("span", { class: "state" }, el("i", { class: "dot" }), el("span", { class: "state-text" }));

/**
 * Make a sign of `stateSign` show this answer; `text` may be empty where there is room for the shape alone.
 */
export function showState(sign, answer, text) {
  const shape = stateShape(answer);
  if (sign.dataset.shape !== shape) {
    sign.dataset.shape = shape;
    sign.firstChild.replaceWith(
      shape === "ring" || shape === "disc" ? el("i", { class: "dot" }) : icon(shape),
    );
  }
  sign.dataset.status = answer.status;
  setText(sign.lastChild, text);
}
