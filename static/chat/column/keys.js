// The keys of the columns: Alt+1…8 and Alt+arrows go to one, R, C, S and F act on the one the keyboard is in.
const TYPING = "input, textarea, select, [contenteditable], dialog, [popover]";

/** What these keys do to a column. */
const ACTS = {
  r: (_, column) => column.retry(),
  c: (_, column) => column.copy(),
  s: (_, column) => column.choose(),
  f: (turn, column) => turn.maximise(column),
};

/** Whether the key was one of ours and did something. `thread` is a ThreadView. */
export function columnKey(thread, event) {
  if (event.isComposing || event.ctrlKey || event.metaKey) return false;
  if (event.altKey) return goTo(thread, event);
  const act = ACTS[event.key.toLowerCase()];
  if (!act || event.shiftKey || event.target.closest(TYPING)) return false;
  const focused = thread.focused();
  if (!focused) return false;
  act(focused.turn, focused.column);
  return true;
}

function goTo(thread, { code, key }) {
  if (/^Digit[1-8]$/.test(code)) return thread.focusColumn(Number(code.at(-1)) - 1);
  const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const focused = by && thread.focused();
  if (!focused) return false;
  const { turn, column } = focused;
  return turn.focusColumn(turn.ordered.indexOf(column) + by);
}
