// What the plan leaves, brought up to date while one asks: the sidebar’s meter, and the sentence below the
// question.
import { api } from "../../webox/api.js";
import { $, setText } from "../../webox/dom.js";
import { fill, gettext, number } from "../../webox/i18n.js";

// What several answers that end together took is asked for once.
const WAIT_MS = 800;

export class Allowance {
  #waiting = null;

  /** Something was asked or has ended: look again in a moment. */
  changed() {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#look(), WAIT_MS);
  }

  /** Nobody is signed in any more: there is no plan to look at. */
  end() {
    clearTimeout(this.#waiting);
  }

  async #look() {
    // It is shown as it was where it can’t be asked for; the next answer asks again.
    const usage = await api("GET", "/api/usage").catch(() => null);
    if (usage) show(usage);
  }
}

function show({ uses_server_keys, plan_name, messages_per_day: { used, limit }, notice }) {
  const meter = $("#plan-meter");
  meter.hidden = !uses_server_keys || limit === null;
  if (!meter.hidden) {
    setText(meter.querySelector("span"), fill(gettext("%(plan)s plan"), { plan: plan_name }));
    setText(
      meter.querySelector("[data-told]"),
      fill(gettext("%(used)s/%(limit)s today"), { used: number(used), limit: number(limit) }),
    );
    const bar = meter.querySelector("progress");
    bar.value = limit === 0 ? 100 : Math.min(100, Math.round((100 * used) / limit));
    bar.dataset.state = used >= limit ? "used_up" : used >= limit * 0.8 ? "warning" : "fine";
  }
  setText($("#plan-notice span"), notice);
  $("#plan-notice").hidden = !notice;
}
