// The chat page: the state, the connection and the views, put together.
import { ApiError, api } from "../webox/api.js";
import { $, el, setText } from "../webox/dom.js";
import { gettext } from "../webox/i18n.js";
import { makeRoom } from "../webox/page.js";
import { Banner } from "./banner.js";
import { Composer } from "./composer.js";
import { Flusher } from "./flusher.js";
import { Picker } from "./picker.js";
import { emptyState, isRunning, reduce } from "./reducer.js";
import { actions, conversations } from "./sidebar_page.js";
import { Connection, socketUrl } from "./socket.js";
import { ThreadView } from "./turns.js";

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

const thread = new ThreadView($("#thread"), $("#thread-frame"), {
  errors: page.errors,
  flusher: new Flusher(),
  say,
  stop: (ids) => command({ type: "stop", answer_ids: ids }),
  retry: (ids) => command({ type: "retry", answer_ids: ids }),
});

const picker = new Picker($("#chips"), {
  ais: page.ais,
  selected: page.selected,
  limit: page.limits.targets,
  onChange: () => composer.showCount(),
});

const composer = new Composer(
  {
    form: $("#composer"),
    field: $("#question"),
    button: $("#send"),
    note: $("#composer-note"),
    hint: $("#composer-hint"),
    attach: $("#attach"),
    file: $("#attach-file"),
    tray: $("#tray"),
  },
  { conversationId, picker, limits: page.limits, errors: page.errors, onSend: begin, tell: say },
);

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
  if (event.type === "snapshot" && !joined) askForLeftBehind(event);
  if (state !== before) show(before);
  if (event.type === "accepted") accepted(event);
  if (event.type === "turn" && event.state === "started") conversations.touch(conversationId, event.title);
  if (event.type === "error") refused(event);
  if (state.reload) reload();
  connection?.resume(state.missing);
  connection?.expect(thread.running());
  if (conversationId !== null) conversations.setRunning(conversationId, thread.running().length > 0);
}

/** After a lost connection the snapshot of joining tells of what runs; what ran before and is not in it has ended. */
function askForLeftBehind({ messages }) {
  joined = true;
  const told = new Set(messages.flatMap((message) => message.answers.map((answer) => answer.id)));
  const left = Object.values(state.answers).filter((answer) => isRunning(answer) && !told.has(answer.id));
  if (left.length > 0) state = { ...state, missing: [...new Set([...state.missing, ...left.map((answer) => answer.id)])] };
}

function show(before) {
  const begun = state.messages.length > 0;
  $("#first").hidden = begun;
  $("#thread-frame").hidden = !begun;
  thread.update(state, before);
  if (thread.last?.columns.length >= CROWDED) makeRoom();
  if (state.title !== before.title) showTitle(state.title);
}

function accepted(event) {
  if (event.conversation_id) conversations.touch(event.conversation_id, event.title);
  if (event.client_id !== null && event.client_id === composer.pending?.client_id) composer.accepted();
}

function refused({ client_id, detail }) {
  if (client_id !== null && client_id === composer.pending?.client_id) composer.refused(detail);
  else composer.say(detail, true);
}

async function reload() {
  if (loading) return;
  loading = true;
  try {
    dispatch({ type: "loaded", messages: await api("GET", `/api/chat/conversations/${conversationId}/messages`) });
  } catch {
    // The connection tells of it; the next snapshot asks again.
  } finally {
    loading = false;
  }
}

function command(body) {
  if (body.answer_ids.length > 0 && !connection?.send(body)) composer.say(gettext("There is no connection. Try again when WeBox is back."), true);
}

function connect() {
  connection = new Connection({
    url: socketUrl(conversationId),
    onEvent: dispatch,
    onStatus: (status) => {
      banner.show(status);
      if (status !== "open") joined = false;
      if (status === "open") deliver();
      if (status === "gone") composer.say(gettext("This conversation no longer exists. Your draft is kept."), true);
    },
  });
  connection.connect();
}

/** Send what waits; without a connection it goes as soon as there is one. Sent twice it is still one message. */
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
  if (event.altKey && !event.ctrlKey && !event.metaKey && /^Digit[1-8]$/.test(event.code)) {
    if (thread.focusColumn(Number(event.code.at(-1)) - 1)) event.preventDefault();
  }
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
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && connection?.hurry());

dispatch({ type: "loaded", messages: page.messages });
if (conversationId !== null) connect();
if (matchMedia("(min-width: 768px)").matches) composer.field.focus();
