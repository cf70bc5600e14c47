// The composer with all that belongs to it: chips, line-ups, what each AI is told, and what it would cost.
import { $ } from "../../webox/dom.js";
import { fill, gettext, ngettext, number } from "../../webox/i18n.js";
import { cost } from "../../webox/money.js";
import { KEYS, load, save } from "../../webox/storage.js";
import { Composer } from "./composer.js";
import { ContextChip } from "./context.js";
import { aiOf, entriesOfLastTurn, fromTarget, modelOf, sameEntries } from "./targets.js";
import { estimate, namesOf } from "./estimate.js";
import { factsOf, learn } from "./known_models.js";
import { LineUps } from "./line_ups.js";
import { nameOf } from "../column/names.js";
import { Picker } from "./picker.js";
import { emptyState, versionsOf } from "../live/reducer.js";

const phone = matchMedia("(max-width: 767.98px)");
const PAUSE_MS = 250;
// What a question and its answer are taken to be where a line-up’s cost is said before there is one.
const USUAL = { text: "x".repeat(1200), images: 0, context: "own" };

/**
 * The AIs that stand in the composer at first: named by the link, the conversation’s last, the person’s last,
 * the default.
 */
function firstEntries({ ais, line_ups, line_up, selected, messages }) {
  const linked = line_ups.find((one) => one.id === line_up.asked_id);
  if (linked) return linked.targets.map(fromTarget);
  const isReady = (entry) => aiOf(entry, ais)?.ready;
  const stored = load(KEYS.selected, []).map(fromTarget).filter(isReady);
  const last = entriesOfLastTurn(messages).filter((entry) => aiOf(entry, ais));
  if (last.length > 0) return sameTargets(last, stored) ? stored : last;
  const usual = line_ups.find((one) => one.id === line_up.default_id);
  if (usual) return usual.targets.map(fromTarget);
  return stored.length > 0 ? stored : selected.map(fromTarget).filter(isReady);
}

const sameTargets = (some, others) =>
  sameEntries(
    some.map(({ target }) => ({ target, settings: {} })),
    others.map(({ target }) => ({ target, settings: {} })),
  );

export class Asking {
  #state = emptyState();
  #timer = null;

  /** `page` is the page’s own state; `hooks`: onSend(pending), onEditLast(), say(text) for screen readers. */
  constructor(page, conversationId, { onSend, onEditLast, say }) {
    this.page = page;
    for (const ai of page.ais) if (ai.facts) learn(ai.provider, [{ name: ai.model, ...ai.facts }]);
    const lastTurn = page.messages.filter((message) => message.role === "assistant").at(-1);
    this.picker = new Picker($("#chips"), {
      ais: page.ais,
      entries: firstEntries(page),
      limit: page.limits.targets,
      onChange: () => this.#chosen(),
    });
    this.context = new ContextChip($("#context"), {
      mode: lastTurn?.context ?? "own",
      onChange: () => this.estimateSoon(),
    });
    this.lineUps = new LineUps($("#line-ups"), {
      lineUps: page.line_ups,
      defaultId: page.line_up.default_id,
      picker: this.picker,
      costOf: (entries) => this.#costOf(entries),
      say,
    });
    const parts = {
      form: "#composer",
      field: "#question",
      button: "#send",
      note: "#composer-note",
      hint: "#composer-hint",
      attach: "#attach",
      file: "#attach-file",
      tray: "#tray",
      files: "#files",
    };
    const found = Object.fromEntries(Object.entries(parts).map(([name, selector]) => [name, $(selector)]));
    this.composer = new Composer(found, {
      conversationId,
      picker: this.picker,
      context: this.context,
      limits: page.limits,
      errors: page.errors,
      onSend,
      onChange: () => this.estimateSoon(),
      onEditLast,
      tell: say,
    });
    if (page.line_up.is_unknown)
      this.composer.say(gettext("There is no line-up of this name. Choose the AIs yourself."), true);
    this.estimateSoon();
  }

  /** The conversation as it is now: what it holds decides what the next question takes. */
  follow(state) {
    this.#state = state;
    const turns = state.messages.filter((message) => message.role === "assistant");
    const columns = Math.max(0, ...turns.slice(-1).map((turn) => versionsOf(state, turn.id).length));
    const starred = Object.values(state.answers)
      .filter((answer) => answer.is_chosen)
      .sort((a, b) => a.message_id - b.message_id)
      .at(-1);
    this.context.update({ columns, chosenName: starred ? nameOf(starred) : null });
    this.estimateSoon();
  }

  #chosen() {
    save(KEYS.selected, this.picker.entries);
    this.lineUps?.update();
    this.composer?.showCount();
    this.estimateSoon();
  }

  /** After a pause: it reads the whole conversation. */
  estimateSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#estimate(), PAUSE_MS);
  }

  #asked(entries) {
    const names = namesOf(entries.map((entry) => entry.target));
    return entries.map((entry, index) => {
      const ai = aiOf(entry, this.page.ais);
      return {
        name: names[index],
        label: ai.name,
        demo: ai.demo,
        settings: entry.settings,
        ...factsOf(ai.provider, modelOf(entry, ai)),
      };
    });
  }

  #estimate() {
    const asked = this.#asked(this.picker.ready);
    if (asked.length === 0 || asked.every((one) => one.demo)) {
      this.composer.showCount();
      return;
    }
    const total = estimate(
      this.#state,
      asked.filter((one) => !one.demo),
      { ...this.composer.draft, context: this.context.mode },
    );
    this.composer.showCount(phraseOf(total, asked.length), titleOf(total));
    this.#warn(total.tooLong);
  }

  #warn(tooLong) {
    const isWarned = this.composer.note.dataset.tooLong === "true";
    if (tooLong.length === 0 && !isWarned) return;
    const [first] = tooLong;
    this.composer.note.dataset.tooLong = String(tooLong.length > 0);
    this.composer.say(
      first
        ? fill(gettext("This may be too long for %(name)s, which takes about %(count)s tokens at once."), {
            name: first.label,
            count: number(first.contextWindow),
          })
        : "",
    );
  }

  /** What one question of usual length would cost with these AIs; empty where nobody knows. */
  #costOf(entries) {
    const asked = this.#asked(entries.filter((entry) => aiOf(entry, this.page.ais))).filter(
      (one) => !one.demo,
    );
    if (asked.length === 0) return "";
    const total = estimate(emptyState(), asked, USUAL);
    return total.unknown.length > 0
      ? ""
      : fill(gettext("≈ %(amount)s a question"), { amount: cost(rounded(total.usd)) });
  }
}

/** Two figures are all that a guess has. */
const rounded = (value) => Number(value.toPrecision(2));

function phraseOf({ input, output, usd, unknown }, count) {
  const tokens = fill(gettext("≈ %(count)s tokens"), { count: number(rounded(input + output)) });
  // A phone has room for what matters most.
  const amount =
    unknown.length > 0 && usd === 0 ? "?" : `≈ ${cost(rounded(usd))}${unknown.length > 0 ? " + ?" : ""}`;
  if (phone.matches) return amount;
  return fill(
    ngettext("%(tokens)s · %(amount)s for %(count)s AI", "%(tokens)s · %(amount)s for %(count)s AIs", count),
    { tokens, amount, count: number(count) },
  );
}

function titleOf({ input, output, unknown }) {
  const lines = [
    fill(gettext("Input: about %(count)s tokens, with all that went before"), {
      count: number(rounded(input)),
    }),
    fill(gettext("Output: about %(count)s tokens"), { count: number(rounded(output)) }),
  ];
  if (unknown.length > 0)
    lines.push(fill(gettext("No price known: %(names)s"), { names: unknown.join(", ") }));
  return lines.join("\n");
}
