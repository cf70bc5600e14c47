// What stands round the text of a column: why it ended, what can be done about it, what the AI was not given.
import { el, icon, setText } from "../../webox/dom.js";
import { fill, gettext, number } from "../../webox/i18n.js";
import { vendorOf } from "./names.js";

// What is mended where keys are.
const ABOUT_KEYS = new Set(["no_key", "bad_key", "unreadable_key", "no_credit"]);
const TICK_MS = 1000;
const LONG_S = 120;
/** As long as the note takes to come, in column.css. */
const LATE_MS = 1700;

const quiet = (text) => el("p", { class: "quiet-note", text });

// Most wait for a blink only: said after a moment, and once, not at each return to a tab.
function late(text) {
  const note = el("p", { class: "quiet-note late-note", text });
  setTimeout(() => note.classList.remove("late-note"), LATE_MS);
  return note;
}

/** All that the note depends on, to see whether it has changed. */
export const noteKey = ({ id, status, error, finish_reason, refusal, request_id }) =>
  [id, status, error?.code, finish_reason, refusal, request_id].join(" ");

/**
 * The note under the text, or null. `endedAt` is when the answer ended, in ms; `hooks`: errors, retry(ids).
 */
export function noteOf(answer, hooks, endedAt) {
  if (answer.status === "failed" || answer.status === "interrupted") return errorCard(answer, hooks, endedAt);
  if (answer.status === "queued")
    return late(
      fill(
        gettext("All places at %(vendor)s are taken. This answer starts by itself as soon as one is free."),
        { vendor: vendorOf(answer) },
      ),
    );
  if (answer.status === "stopped") return quiet(gettext("You stopped this answer. The text so far is kept."));
  if (answer.refusal || answer.finish_reason === "refusal") return refusalCard(answer);
  if (answer.finish_reason === "length") return quiet(gettext("The answer was cut at its maximum length."));
  return null;
}

/** The line above the text; empty where there is nothing to say. */
export const hintOf = ({ notes }) =>
  notes?.includes("images_left_out") ? gettext("This AI can’t see images: it was given the text alone.") : "";

function refusalCard({ refusal }) {
  return el(
    "div",
    { class: "card refusal" },
    el("h3", { text: gettext("The AI declined to answer.") }),
    refusal ? el("p", { text: refusal }) : null,
  );
}

function errorCard(answer, hooks, endedAt) {
  const { status, error } = answer;
  const template = hooks.errors[error?.code] ?? gettext("Something went wrong. Try again.");
  const failed = status === "failed";
  return el(
    "div",
    { class: `card ${failed ? "card-error" : "card-warn"}` },
    el(
      "h3",
      {},
      icon("alert"),
      failed ? gettext("The answer failed") : gettext("The answer was interrupted"),
    ),
    el("p", { text: fill(template, { ...error?.params, vendor: vendorOf(answer) }) }),
    waitLine(error, endedAt),
    el("div", { class: "actions" }, ...actions(answer, hooks)),
    detail(answer),
  );
}

/** The way on first; trying again is quieter where it would only fail again. */
function actions({ id, error, provider }, hooks) {
  const aboutKeys = ABOUT_KEYS.has(error?.code);
  const link = aboutKeys
    ? el("a", { class: "btn", href: `/chat/ais#${provider}` }, icon("key"), gettext("Open AIs and keys"))
    : null;
  const again = el(
    "button",
    { type: "button", class: aboutKeys ? "btn btn-quiet" : "btn", on: { click: () => hooks.retry([id]) } },
    icon("retry"),
    gettext("Try again"),
  );
  return [link, again];
}

/** When the vendor lets the next question through, counting down. */
function waitLine(error, endedAt) {
  const wait_s = error?.code === "rate_limited" ? error.params.retry_after_s : 0;
  if (!wait_s) return null;
  const line = el("p");
  const tick = () => {
    const left_s = Math.ceil((endedAt - Date.now()) / 1000 + wait_s);
    line.hidden = left_s <= 0;
    setText(line, waitSentence(left_s));
    return left_s > 0;
  };
  if (!tick()) return null;
  const timer = setInterval(() => {
    if (!tick() || !line.isConnected) clearInterval(timer);
  }, TICK_MS);
  return line;
}

function waitSentence(left_s) {
  if (left_s > LONG_S)
    return fill(gettext("The next one is possible in %(minutes)s min."), {
      minutes: number(Math.ceil(left_s / 60)),
    });
  return fill(gettext("The next one is possible in %(seconds)s s."), { seconds: number(left_s) });
}

function detail({ request_id }) {
  if (!request_id) return null;
  return el(
    "details",
    { class: "detail" },
    el("summary", { text: gettext("Technical detail") }),
    el("p", {}, gettext("The vendor’s number of this request:"), " ", el("code", { text: request_id })),
  );
}
