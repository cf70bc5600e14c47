// A scroller follows its growing text only while the reader is near the end; otherwise a pill offers the way
// back.
import { el, icon } from "../../webox/dom.js";
import { gettext } from "../../webox/i18n.js";

const NEAR_PX = 40;

export class Follower {
  /** `pillHost` is a positioned element round the scroller. */
  constructor(scroller, pillHost) {
    this.scroller = scroller;
    this.following = true;
    this.top = 0;
    this.pill = el(
      "button",
      { type: "button", class: "pill", hidden: true, on: { click: () => this.toEnd() } },
      icon("down"),
      gettext("New"),
    );
    pillHost.append(this.pill);
    scroller.addEventListener("scroll", () => this.#look(), { passive: true });
  }

  /** The text grew. */
  grown() {
    if (this.following) this.#jump();
    else if (this.pill.hidden !== this.#near()) this.pill.hidden = !this.pill.hidden;
  }

  toEnd() {
    this.following = true;
    this.pill.hidden = true;
    this.#jump();
    this.scroller.focus({ preventScroll: true });
  }

  #jump() {
    const jump = () => {
      this.scroller.scrollTop = this.scroller.scrollHeight;
      this.top = this.scroller.scrollTop;
    };
    jump();
    // Blocks that were never laid out had a guessed height until now.
    requestAnimationFrame(() => this.following && jump());
  }

  #near() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }

  /** Only a move upwards is the reader’s: text may grow between our own jump and its event. */
  #look() {
    const { scrollTop } = this.scroller;
    if (this.#near()) this.following = true;
    else if (scrollTop < this.top) this.following = false;
    this.top = scrollTop;
    if (this.following && !this.pill.hidden) this.pill.hidden = true;
  }
}
