// The row of a turn’s columns: their order, which are folded to a rail, how wide they are, which are out of
// sight.
import { el } from "../../webox/dom.js";
import { resizer } from "./resize.js";
import { linkScrolling } from "./scrolling.js";

const COLUMN_MIN_REM = 20;
const DRAGGED = "application/x-webox-column";

const remPx = () => parseFloat(getComputedStyle(document.documentElement).fontSize);

export class RowView {
  #edges = new Map();
  #columns = [];

  /**
   * `onHidden(column or null)` names the first that does not fit; `isLinked()`; `arrange()` brings all turns
   * in line.
   */
  constructor(layout, { onHidden, isLinked, arrange }) {
    Object.assign(this, { layout, onHidden, arrangeAll: arrange });
    this.element = el("div", { class: "columns" });
    linkScrolling(this.element, () => this.#open().map((column) => column.body), isLinked);
    this.element.addEventListener("scroll", () => this.#look(), { passive: true });
    new ResizeObserver(() => this.#look()).observe(this.element);
    this.#listenToDrops();
  }

  /** Put a column into the row, in the place of `known` where there is one. */
  put(column, known) {
    const edge = resizer(column.head.querySelector(".who b").textContent, column.element, {
      onMove: (px) => this.#widen(column, px),
      onEnd: () => {
        this.layout.setWidths(this.shares);
        this.arrangeAll();
      },
      onReset: () => this.evenOut(),
    });
    this.#edges.delete(known);
    this.#edges.set(column, edge);
    column.element.append(edge);
    column.head.draggable = true;
    column.head.addEventListener("dragstart", ({ dataTransfer }) => {
      dataTransfer.setData(DRAGGED, column.answer.name);
      dataTransfer.effectAllowed = "move";
    });
    if (!known) {
      this.element.append(column.element);
      return;
    }
    const hasFocus = known.element.contains(document.activeElement);
    known.element.replaceWith(column.element);
    if (hasFocus) column.body.focus({ preventScroll: true });
  }

  /** Bring these columns into the person’s order; returns them so. */
  arrange(columns, view) {
    const byName = new Map(columns.map((column) => [column.answer.name, column]));
    this.#columns = this.layout.arrange([...byName.keys()]).map((name) => byName.get(name));
    this.#order();
    for (const column of this.#columns) {
      const { name } = column.answer;
      const isRail =
        view === "focus"
          ? !column.element.hasAttribute("data-current")
          : view === "columns" && this.layout.isFolded(name);
      column.element.toggleAttribute("data-rail", isRail);
      const share = view === "columns" && !isRail ? this.layout.width(name) : null;
      column.element.style.flex = share === null ? "" : `1 0 ${share * 100}%`;
    }
    const last = this.#open().at(-1);
    for (const [column, edge] of this.#edges)
      edge.hidden = view !== "columns" || column === last || column.element.hasAttribute("data-rail");
    this.#look();
    return this.#columns;
  }

  #order() {
    const wanted = this.#columns.map((column) => column.element);
    if (wanted.every((node, index) => this.element.children[index] === node)) return;
    // A node that is moved forgets how far it was scrolled.
    const tops = this.#columns.map((column) => column.body.scrollTop);
    this.element.append(...wanted);
    this.#columns.forEach((column, index) => (column.body.scrollTop = tops[index]));
  }

  #open() {
    return this.#columns.filter((column) => !column.element.hasAttribute("data-rail"));
  }

  // --- Widths ---

  get isWidened() {
    return this.#columns.some((column) => this.layout.width(column.answer.name) !== null);
  }

  evenOut() {
    this.layout.setWidths(null);
    this.arrangeAll();
  }

  /** What one gains its neighbour gives, as long as it stays readable; then the row gets longer. */
  #widen(column, px) {
    const open = this.#open();
    const at = open.indexOf(column);
    const least = COLUMN_MIN_REM * remPx();
    const widths = open.map((one) => one.element.offsetWidth);
    const by = Math.max(px, least - widths[at]);
    widths[at] += by;
    if (at + 1 < widths.length) widths[at + 1] = Math.max(least, widths[at + 1] - by);
    const whole = this.element.clientWidth;
    this.shares = Object.fromEntries(open.map((one, index) => [one.answer.name, widths[index] / whole]));
    open.forEach((one, index) => (one.element.style.flex = `1 0 ${(widths[index] / whole) * 100}%`));
  }

  // --- What is out of sight ---

  #look() {
    const edge = this.element.getBoundingClientRect().right;
    this.hiddenColumn =
      this.#columns.find(
        (column) => column.element.offsetWidth > 0 && column.element.getBoundingClientRect().right > edge + 1,
      ) ?? null;
    this.onHidden(this.hiddenColumn);
  }

  showNext() {
    this.hiddenColumn?.focus();
  }

  // --- Dragging a head to another place ---

  #listenToDrops() {
    const isOurs = (event) => event.dataTransfer.types.includes(DRAGGED);
    this.element.addEventListener("dragover", (event) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      this.#mark(this.#columnAt(event.clientX));
    });
    this.element.addEventListener("dragleave", () => this.#mark(null));
    this.element.addEventListener("dragend", () => this.#mark(null));
    this.element.addEventListener("drop", (event) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      this.#mark(null);
      this.#drop(event.dataTransfer.getData(DRAGGED), this.#columnAt(event.clientX));
    });
  }

  #columnAt(x) {
    return (
      this.#columns.find((column) => x < column.element.getBoundingClientRect().right) ?? this.#columns.at(-1)
    );
  }

  #mark(target) {
    for (const column of this.#columns) column.element.toggleAttribute("data-drop", column === target);
  }

  #drop(name, target) {
    const names = this.#columns.map((column) => column.answer.name);
    if (!names.includes(name)) return;
    this.layout.move(names, name, names.indexOf(target.answer.name) - names.indexOf(name));
    this.arrangeAll();
  }
}
