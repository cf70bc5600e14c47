// A question that is asked again in other words: sent over the connection, answered by `accepted` or by an
// error.
import { gettext } from "../../webox/i18n.js";
import { newClientId } from "./composer.js";

export class AskingAgain {
  #waiting = new Map();

  /** `send(command)` says whether there was a connection. */
  constructor(send) {
    this.send = send;
  }

  /**
   * Ask it in the place of `question`, to these targets; promises "" once it is saved, else why it was not.
   */
  ask(question, message, { targets, context }) {
    if (targets.length === 0) return Promise.resolve(gettext("Choose at least one AI."));
    const client_id = newClientId();
    const attachments = question.attachments.map((record) => record.id);
    const command = {
      type: "ask",
      message,
      targets,
      context,
      attachments,
      client_id,
      parent_id: question.parent_id,
    };
    if (!this.send(command))
      return Promise.resolve(gettext("There is no connection. Try again when WeBox is back."));
    return new Promise((resolve) => this.#waiting.set(client_id, resolve));
  }

  /** An `accepted` or `error` event; whether it was about a question of here. */
  hears({ type, client_id, detail }) {
    const resolve = this.#waiting.get(client_id);
    if (!resolve) return false;
    this.#waiting.delete(client_id);
    resolve(type === "accepted" ? "" : detail);
    return true;
  }

  /** The connection is lost: whether it was saved shows when it is back. */
  lost() {
    for (const resolve of this.#waiting.values())
      resolve(gettext("The connection was lost. Look whether the question is there before you ask again."));
    this.#waiting.clear();
  }
}
