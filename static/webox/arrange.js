/**
 * Make these the children of `parent`, in this order; those that are in place are not touched, and keep the
 * focus.
 */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  let place = parent.firstChild;
  for (const node of nodes) {
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
}

/**
 * The nodes of a list that is drawn often: who presses one when it is drawn again has pressed the same one.
 */
export class Kept {
  #nodes = new Map();

  /** The node (or nodes) of `key`: what is there while `look`, all that it shows, stays equal; else new. */
  node(key, look, make) {
    const text = JSON.stringify(look);
    if (this.#nodes.get(key)?.text !== text) this.#nodes.set(key, { text, node: make() });
    return this.#nodes.get(key).node;
  }

  /** Make it anew the next time: something else was put into it. */
  drop(key) {
    this.#nodes.delete(key);
  }
}
