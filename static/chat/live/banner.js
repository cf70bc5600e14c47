// What is wrong with the connection, in one sentence; nothing when all is well.
import { el } from "../../webox/dom.js";
import { gettext } from "../../webox/i18n.js";

// A short loss heals unseen.
const PATIENCE_MS = 1200;

export class Banner {
  #timer = null;

  constructor(root, retry) {
    this.root = root;
    this.retry = retry;
  }

  /** `status` is the connection’s; being offline comes first. */
  show(status) {
    clearTimeout(this.#timer);
    if (status === "expired")
      this.#say("warn", gettext("Your session has expired. Your draft is waiting."), this.#signIn());
    else if (status === "refused")
      this.#say("warn", gettext("The server refused the connection from this address. Your draft is kept."));
    else if (!navigator.onLine) this.#say("warn", gettext("You are offline. Answers go on, on the server."));
    else if (status === "waiting")
      this.#timer = setTimeout(
        () => this.#say("warn", gettext("Reconnecting… Answers go on, on the server."), this.#again()),
        PATIENCE_MS,
      );
    else this.root.hidden = true;
  }

  #say(kind, text, action) {
    this.root.dataset.kind = kind;
    this.root.replaceChildren(el("span", { text }), ...(action ? [action] : []));
    this.root.hidden = false;
  }

  #signIn() {
    const next = encodeURIComponent(location.pathname);
    return el("a", {
      class: "btn",
      href: `${this.root.dataset.signIn}?next=${next}`,
      text: gettext("Sign in"),
    });
  }

  #again() {
    return el("button", {
      type: "button",
      class: "btn",
      text: gettext("Try now"),
      on: { click: this.retry },
    });
  }
}
