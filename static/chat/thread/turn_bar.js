// Beside a question: how its answers are looked at, whether they scroll together, and the first that is out
// of sight.
import { el, icon, iconButton, setText } from "../../webox/dom.js";
import { gettext } from "../../webox/i18n.js";

const WORDS = {
  columns: () => gettext("Columns"),
  tabs: () => gettext("Tabs"),
  focus: () => gettext("Focus"),
};

export class TurnBar {
  /** `onView(name)` and `onMore()` when the person chooses; `isLinked` is theirs too. */
  constructor({ onView, onMore }) {
    this.isLinked = false;
    this.more = el("button", {
      type: "button",
      class: "btn btn-quiet more",
      hidden: true,
      on: { click: onMore },
    });
    this.link = iconButton("link-scroll", gettext("Link scrolling"), () => this.#link(), {
      "aria-pressed": "false",
    });
    this.views = Object.entries(WORDS).map(([name, word]) =>
      el(
        "button",
        {
          type: "button",
          "aria-pressed": "false",
          title: word(),
          data: { view: name },
          on: { click: () => onView(name) },
        },
        icon(name),
        el("span", { text: word() }),
      ),
    );
    const group = el(
      "div",
      { class: "seg", role: "group", "aria-label": gettext("How the answers of this turn stand") },
      ...this.views,
    );
    this.element = el("div", { class: "turn-bar" }, this.more, this.link, group);
  }

  #link() {
    this.isLinked = !this.isLinked;
    this.link.setAttribute("aria-pressed", String(this.isLinked));
  }

  show(view) {
    this.link.hidden = view !== "columns";
    for (const button of this.views)
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }

  /** Name what does not fit; empty where all does. */
  offer(name) {
    this.more.hidden = name === "";
    setText(this.more, `${name} →`);
  }
}
