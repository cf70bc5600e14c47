// State of a conversation as a pure function of the events of `webox.v1` (chat/events.py).
//
// state = {
//   title:    the conversation's title
//   messages: [{id, parent_id, role, content, created_at, context, siblings, attachments}] in order of
// creation
//   answers:  {id: record of the answer, but `text` and `reasoning` are streams (stream.js);
//              `lengths` are the final ones once announced, `ended` says that its turn was said to be
// complete}
//   missing:  ids of answers of which something was lost: the owner of the socket sends `resume`
//   elsewhere: ids of answers in branches that are not shown: what is told of them is left aside
//   reload:   true when there are messages whose predecessors the page does not know, or another branch
//   isLeft:   true from the word that another branch is shown until its messages are there
//   accepted: client_id of the last accepted command    refused: the last `error` event, or null
// }
//
// Property: a snapshot and the events after it give what a fresh read gives, whatever was lost, doubled or
// late.
import { addPiece, hasGap, replaceText, stream } from "./stream.js";

const FINAL = new Set(["done", "failed", "stopped", "interrupted"]);

export const isRunning = (answer) => !FINAL.has(answer.status);

export const emptyState = (title = "") => ({
  title,
  messages: [],
  answers: {},
  missing: [],
  elsewhere: new Set(),
  reload: false,
  isLeft: false,
  accepted: null,
  refused: null,
});

/** The state after one event. The same object comes back when the event changes nothing. */
export function reduce(state, event) {
  switch (event.type) {
    case "snapshot":
      return withMessages(state, event.messages, new Set(event.from_rows));
    case "loaded":
      return loaded(state, event.messages);
    case "accepted":
      return { ...withTurn(state, event), accepted: event.client_id, refused: null };
    case "turn":
      return event.state === "started" ? withTurn(state, event) : turnComplete(state, event.message_id);
    case "deltas":
      return deltas(state, event);
    case "lengths":
      return lengths(state, event.lengths);
    case "answer":
      return answerChanged(state, event);
    case "chosen":
      return chosen(state, event);
    case "title":
      return event.title === state.title ? state : { ...state, title: event.title };
    case "branch":
      return { ...state, missing: [], elsewhere: new Set(), reload: true, isLeft: true };
    case "error":
      return { ...state, refused: event };
    default:
      return state;
  }
}

/**
 * The answers of one message: a list of versions for each column, the oldest first; columns as they were
 * asked.
 */
export function versionsOf(state, messageId) {
  const columns = new Map();
  const own = Object.values(state.answers).filter((answer) => answer.message_id === messageId);
  for (const answer of own.sort((a, b) => a.position - b.position || a.version - b.version)) {
    columns.set(answer.position, [...(columns.get(answer.position) ?? []), answer]);
  }
  return [...columns.values()];
}

/** Ids of the newest version of each column of one message, in order. */
export const columnsOf = (state, messageId) =>
  versionsOf(state, messageId).map((versions) => versions.at(-1).id);

function answerFrom(record) {
  return {
    ...record,
    text: stream(record.text),
    reasoning: stream(record.reasoning),
    lengths: null,
    ended: false,
  };
}

/** A record from a snapshot replaces what is shown, unless it is older than that. */
function mergeRecord(known, record, fromRows) {
  if (!known) return answerFrom(record);
  const running = !FINAL.has(record.status);
  if (running && !isRunning(known)) return known;
  const text = mergeText(known.text, record.text, running, fromRows);
  const reasoning = mergeText(known.reasoning, record.reasoning, running, fromRows);
  return { ...record, text, reasoning, lengths: null, ended: false };
}

function mergeText(known, text, running, fromRows) {
  const next = replaceText(known, text);
  // Rows may be a second old, and frames may overtake a snapshot from memory: the longer text is the newer
  // one.
  const older = running && next.length < known.length && (fromRows || known.text.startsWith(text));
  if (older) return known;
  return running ? next : { ...next, early: [] };
}

function withAnswers(state, records, fromRows = new Set()) {
  if (records.length === 0) return state;
  const answers = { ...state.answers };
  for (const record of records)
    answers[record.id] = mergeRecord(answers[record.id], record, fromRows.has(record.id));
  const whole = new Set(records.map((record) => record.id).filter((id) => !lacks(answers[id])));
  return { ...state, answers, missing: state.missing.filter((id) => !whole.has(id)) };
}

function withMessages(state, records, fromRows) {
  const known = new Set(state.messages.map((message) => message.id));
  const fresh = records.filter((record) => !known.has(record.id));
  const aside = besideShown(state, fresh);
  if (aside.size > 0)
    return withMessages(
      leftAside(state, fresh, aside),
      records.filter((record) => !aside.has(record.id)),
      fromRows,
    );
  for (const record of fresh) known.add(record.id);
  if (fresh.some((record) => record.parent_id !== null && !known.has(record.parent_id)))
    return { ...state, reload: true };
  const messages =
    fresh.length === 0
      ? state.messages
      : [...state.messages, ...fresh.map(messageFrom)].sort((a, b) => a.id - b.id);
  return withAnswers(
    { ...state, messages },
    records.flatMap((record) => record.answers),
    fromRows,
  );
}

/** Ids of the messages that stand where others are shown: of another branch, or of one that begins. */
function besideShown(state, fresh) {
  const places = new Set(
    state.messages.filter((message) => message.role === "user").map((message) => message.parent_id),
  );
  const aside = new Set();
  for (const { id, role, parent_id } of fresh) {
    if ((role === "user" && places.has(parent_id)) || aside.has(parent_id)) aside.add(id);
  }
  return aside;
}

/** Which branch is shown the server knows: it is asked once about each turn of another one. */
function leftAside(state, fresh, aside) {
  const ids = fresh
    .filter((record) => aside.has(record.id))
    .flatMap((record) => record.answers.map((answer) => answer.id));
  const isNew = ids.some((id) => !state.elsewhere.has(id));
  const elsewhere = new Set([...state.elsewhere, ...ids]);
  return {
    ...state,
    elsewhere,
    missing: state.missing.filter((id) => !elsewhere.has(id)),
    reload: state.reload || isNew,
  };
}

function messageFrom({
  id,
  parent_id,
  role,
  content,
  created_at,
  context = "own",
  siblings = [],
  attachments = [],
}) {
  return { id, parent_id, role, content, created_at, context, siblings, attachments };
}

/** `GET …/messages`: everything there was when the rows were read; what began since then stays. */
function loaded(state, records) {
  const last = Math.max(0, ...records.map((record) => record.id));
  const since = state.isLeft ? [] : state.messages.filter((message) => message.id > last);
  const messages = [...records.map(messageFrom), ...since];
  const known = new Set(messages.map((message) => message.id));
  const answers = Object.fromEntries(
    Object.entries(state.answers).filter(([, answer]) => known.has(answer.message_id)),
  );
  const missing = state.missing.filter((id) => answers[id]);
  const read = records.flatMap((record) => record.answers);
  const shown = new Set(read.map((record) => record.id));
  const elsewhere = new Set([...state.elsewhere].filter((id) => !shown.has(id)));
  return withAnswers(
    { ...state, messages, answers, missing, elsewhere, reload: false, isLeft: false },
    read,
    new Set(read.map((record) => record.id)),
  );
}

/** `accepted` and `turn` started carry new messages, new answers, or both. */
function withTurn(state, event) {
  const next = withMessages({ ...state, title: event.title || state.title }, event.messages, new Set());
  return next.reload ? next : withAnswers(next, event.answers);
}

/** One answer of a turn is chosen, in place of another, or none any more. */
function chosen(state, { message_id, answer_id }) {
  const changed = Object.values(state.answers).filter(
    (answer) => answer.message_id === message_id && answer.is_chosen !== (answer.id === answer_id),
  );
  if (changed.length === 0) return state;
  const answers = Object.fromEntries(
    changed.map((answer) => [answer.id, { ...answer, is_chosen: answer.id === answer_id }]),
  );
  return { ...state, answers: { ...state.answers, ...answers } };
}

function turnComplete(state, messageId) {
  const open = Object.values(state.answers).filter(
    (answer) => answer.message_id === messageId && isRunning(answer),
  );
  if (open.length === 0) return state;
  const ended = Object.fromEntries(open.map((answer) => [answer.id, { ...answer, ended: true }]));
  return withMissing(
    { ...state, answers: { ...state.answers, ...ended } },
    open.map((answer) => answer.id),
  );
}

function deltas(state, event) {
  const answers = { ...state.answers };
  const missing = [];
  const apply =
    (field) =>
    ([id, offset, piece]) => {
      const answer = answers[id];
      if (!answer) {
        if (!state.elsewhere.has(id)) missing.push(id);
        return;
      }
      const next = addPiece(answer[field], offset, piece);
      if (next === answer[field]) return;
      answers[id] = { ...answer, [field]: next };
      if (hasGap(next)) missing.push(id);
    };
  event.deltas.forEach(apply("text"));
  event.reasoning.forEach(apply("reasoning"));
  const touched = new Set([...event.deltas, ...event.reasoning].map(([id]) => id));
  return withMissing(healed({ ...state, answers }, touched), missing);
}

function lengths(state, entries) {
  const short = entries.filter(([id, text, reasoning]) => {
    const answer = state.answers[id];
    if (!answer) return !state.elsewhere.has(id);
    return answer.text.length < text || answer.reasoning.length < reasoning;
  });
  return withMissing(
    state,
    short.map(([id]) => id),
  );
}

function answerChanged(state, { type: _, text_length, reasoning_length, ...change }) {
  const answer = state.answers[change.id];
  if (!answer) return state.elsewhere.has(change.id) ? state : withMissing(state, [change.id]);
  const final = FINAL.has(change.status);
  if (!final && !isRunning(answer)) return state;
  const next = {
    ...answer,
    ...change,
    lengths: final ? { text: text_length, reasoning: reasoning_length } : null,
  };
  const answers = { ...state.answers, [change.id]: next };
  return withMissing({ ...state, answers }, lacks(next) ? [change.id] : []);
}

/** Whether something of this answer has not arrived although more is known to exist. */
function lacks(answer) {
  if (hasGap(answer.text) || hasGap(answer.reasoning)) return true;
  if (answer.ended && isRunning(answer)) return true;
  if (!answer.lengths) return false;
  return answer.text.length < answer.lengths.text || answer.reasoning.length < answer.lengths.reasoning;
}

/** The gaps of these answers that closed by themselves need no snapshot any more. */
function healed(state, ids) {
  if (state.missing.length === 0) return state;
  return {
    ...state,
    missing: state.missing.filter((id) => !ids.has(id) || !state.answers[id] || lacks(state.answers[id])),
  };
}

function withMissing(state, ids) {
  const fresh = [...new Set(ids)].filter((id) => !state.missing.includes(id));
  return fresh.length === 0 ? state : { ...state, missing: [...state.missing, ...fresh] };
}
