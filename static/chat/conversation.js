// The chat page: the state, the connection and the views, put together.
import { ApiError, api } from "../webox/api.js";
import { $, el, setText } from "../webox/dom.js";
import { fill, gettext, ngettext, number } from "../webox/i18n.js";
import { makeRoom } from "../webox/page.js";
import { cost } from "../webox/money.js";
import { Allowance } from "./composer/allowance.js";
import { Arrival } from "./thread/arrival.js";
import { Asking } from "./composer/desk.js";
import { AskingAgain } from "./composer/ask_again.js";
import { Banner } from "./live/banner.js";
import { columnKey } from "./column/keys.js";
import { Flusher } from "./thread/flusher.js";
import { Layout } from "./thread/layout.js";
import { emptyState, isRunning, reduce } from "./live/reducer.js";
import { actions, conversations } from "./sidebar_page.js";
import { Connection, socketUrl } from "./live/socket.js";
import { totalsOf } from "./column/status.js";
import { ThreadView } from "./thread/thread.js";

const SAID_MS = 10_000;
// So many columns of 20 rem need a laptop’s whole width.
const CROWDED = 4;

const page = JSON.parse($("#page-state").textContent);
let conversationId = page.conversation?.id ?? null;
let connection = null;
let state = emptyState(page.conversation?.title ?? "");
let loading = false;
let joined = false;

/** One polite sentence for screen readers. */
function say(text) {
  const line = el("p", { text });
  $("#status").append(line);
  setTimeout(() => line.remove(), SAID_MS);
}

const banner = new Banner($("#banner"), () => connection?.hurry());

const allowance = new Allowance();
const layout = new Layout(conversationId);
const again = new AskingAgain((body) => connection?.send(body) ?? false);

const thread = new ThreadView($("#thread"), $("#thread-frame"), layout, {
  errors: page.errors,
  flusher: new Flusher(),
  say,
  stop: (ids) => command({ type: "stop", answer_ids: ids }),
  retry: (ids) => command({ type: "retry", answer_ids: ids }),
  choose,
  showBranch: (messageId) => showBranch(messageId).catch(sayError),
  resend: (question, text) =>
    again.ask(question, text, { targets: composer.targets, context: composer.context }),
  canContinue: (answer) => page.ais.some((ai) => ai.ready && ai.provider === answer.provider),
  continueWith,
});
const arrival = new Arrival(thread, { say: (text) => composer.say(text, true), showBranch });

const asking = new Asking(page, conversationId, {
  onSend: begin,
  onEditLast: () => editLast(),
  say,
});
const { composer } = asking;

actions.onGone = (id) => id === conversationId && location.assign("/chat/");
actions.onRenamed = (id, title) => id === conversationId && showTitle(title);

function showTitle(title) {
  setText($("#page-heading"), title || gettext("New conversation"));
  document.title = `${title || gettext("New conversation")} · WeBox`;
}

/** Take in one event and bring the difference onto the page. */
function dispatch(event) {
  const before = state;
  state = reduce(state, event);
  // Most events by far, and the page has no more to do than to show the text.
  if (event.type === "deltas") {
    thread.grow(state, before, event);
    connection?.resume(state.missing);
    return;
  }
  if (event.type === "snapshot" && !joined) askForLeftBehind(event);
  if (state !== before) show(before);
  arrival.arrive();
  if (event.type === "accepted") accepted(event);
  if (event.type === "turn" && event.state === "started") conversations.touch(conversationId, event.title);
  if (event.type === "title") conversations.touch(conversationId, event.title);
  if (event.type === "error") refused(event);
  if (event.type === "accepted" || (event.type === "turn" && event.state === "complete")) allowance.changed();
  if (state.reload) reload();
  connection?.resume(state.missing);
  connection?.expect(thread.running());
  if (conversationId !== null) conversations.setRunning(conversationId, thread.running().length > 0);
}

/**
 * After a lost connection the snapshot of joining tells of what runs; what ran before and is not in it has
 * ended.
 */
function askForLeftBehind({ messages }) {
  joined = true;
  const told = new Set(messages.flatMap((message) => message.answers.map((answer) => answer.id)));
  const left = Object.values(state.answers).filter((answer) => isRunning(answer) && !told.has(answer.id));
  if (left.length > 0)
    state = { ...state, missing: [...new Set([...state.missing, ...left.map((answer) => answer.id)])] };
}

function show(before) {
  const begun = state.messages.length > 0;
  $("#first").hidden = begun;
  $("#thread-frame").hidden = !begun;
  thread.update(state, before);
  if (thread.last?.columns.length >= CROWDED) makeRoom();
  if (state.title !== before.title) showTitle(state.title);
  showTotals();
  asking.follow(state);
}

/** Put the last question into a field, if there is one. */
function editLast() {
  if (!thread.last) return false;
  thread.last.question.edit();
  return true;
}

function showTotals() {
  const { questions, answers, cost_usd } = totalsOf(state);
  const parts = [
    fill(ngettext("%(count)s question", "%(count)s questions", questions), { count: number(questions) }),
    fill(ngettext("%(count)s answer", "%(count)s answers", answers), { count: number(answers) }),
    ...(cost_usd ? [cost(cost_usd)] : []),
  ];
  setText($("#totals"), questions > 0 ? parts.join(" · ") : "");
}

/** Star an answer, or take its star away; shown at once, and taken back where it could not be saved. */
async function choose(answer) {
  const { id, message_id, is_chosen } = answer;
  const before =
    Object.values(state.answers).find((one) => one.message_id === message_id && one.is_chosen)?.id ?? null;
  dispatch({ type: "chosen", message_id, answer_id: is_chosen ? null : id });
  try {
    await api(is_chosen ? "DELETE" : "POST", `/api/chat/answers/${id}/choose`);
  } catch (error) {
    dispatch({ type: "chosen", message_id, answer_id: before });
    sayError(error);
  }
}

/** Show the branch of a message. Throws ApiError. */
async function showBranch(messageId) {
  await api("POST", `/api/chat/messages/${messageId}/show`);
  if (connection?.status !== "open") dispatch({ type: "branch" });
}

function sayError(error) {
  if (!(error instanceof ApiError)) throw error;
  composer.say(error.sentence, true);
}

/** The next question goes to the AI of this answer alone, and starts from it. */
function continueWith(answer) {
  if (!answer.is_chosen) choose(answer);
  const settings = Object.keys(answer.settings).length > 0 ? { settings: answer.settings } : null;
  composer.setTargets([settings ? { target: answer.target, ...settings } : answer.target]);
  composer.focus();
}

function accepted(event) {
  if (event.conversation_id) conversations.touch(event.conversation_id, event.title);
  if (again.hears(event)) return;
  if (event.client_id !== null && event.client_id === composer.pending?.client_id) composer.accepted();
}

function refused(event) {
  const { client_id, detail } = event;
  if (again.hears(event)) return;
  if (client_id !== null && client_id === composer.pending?.client_id) composer.refused(detail);
  else composer.say(detail, true);
}

async function reload() {
  if (loading) return;
  loading = true;
  try {
    dispatch({
      type: "loaded",
      messages: await api("GET", `/api/chat/conversations/${conversationId}/messages`),
    });
  } catch {
    // The connection tells of it; the next snapshot asks again.
  } finally {
    loading = false;
  }
}

function command(body) {
  if (body.answer_ids.length > 0 && !connection?.send(body))
    composer.say(gettext("There is no connection. Try again when WeBox is back."), true);
}

function connect() {
  connection = new Connection({
    url: socketUrl(conversationId),
    onEvent: dispatch,
    onStatus: (status) => {
      banner.show(status);
      if (status !== "open") {
        joined = false;
        again.lost();
      }
      if (status === "open") deliver();
      if (status === "expired") allowance.end();
      if (status === "gone")
        composer.say(gettext("This conversation no longer exists. Your draft is kept."), true);
    },
  });
  connection.connect();
}

/**
 * Send what waits; without a connection it goes as soon as there is one. Sent twice it is still one message.
 */
function deliver() {
  if (composer.pending === null) return;
  if (connection.send({ type: "ask", ...composer.pending })) composer.say("");
  else composer.say(gettext("Waiting for the connection. The message goes as soon as WeBox is back."));
}

async function begin() {
  if (conversationId === null) {
    try {
      const created = await api("POST", "/api/chat/conversations", {});
      open(created.id);
    } catch (error) {
      notCreated(error);
    }
    return;
  }
  deliver();
}

function open(id) {
  conversationId = id;
  history.replaceState(null, "", `/chat/${id}`);
  composer.moveTo(id);
  layout.moveTo(id);
  conversations.touch(id, "");
  connect();
}

function notCreated(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.signedOut) banner.show("expired");
  const sentence = error.status === 0 ? gettext("WeBox can’t be reached. Your text is kept.") : error.detail;
  composer.refused(sentence || gettext("The message was not sent. Try again."));
}

function onKey(event) {
  if (!event.defaultPrevented && columnKey(thread, event)) event.preventDefault();
  const running = thread.running();
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || running.length === 0) return;
  if ($(":popover-open, dialog[open]") || document.documentElement.hasAttribute("data-drawer")) return;
  command({ type: "stop", answer_ids: running });
}

for (const example of document.querySelectorAll("[data-example]")) {
  example.addEventListener("click", () => {
    composer.fillIn(example.dataset.example);
    composer.submit();
  });
}

const realReady = page.ais.some((ai) => ai.ready && !ai.demo);
$("#demo-note").hidden = realReady;
$("#key-note").hidden = realReady;

document.addEventListener("keydown", onKey);
addEventListener("online", () => {
  banner.show(connection?.status ?? "open");
  connection?.hurry();
});
addEventListener("offline", () => banner.show(connection?.status ?? "open"));
document.addEventListener(
  "visibilitychange",
  () => document.visibilityState === "visible" && connection?.hurry(),
);

dispatch({ type: "loaded", messages: page.messages });
arrival.go();
if (conversationId !== null) connect();
if (matchMedia("(min-width: 768px)").matches) composer.field.focus();
