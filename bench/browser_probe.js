// What a page does while it is measured: the moments of its frames and its long tasks. Runs before the page's
// own scripts.
const probe = { frames: [], tasks: [], shownAt: null };
globalThis.probe = probe;

const columns = () => {
  const turns = document.querySelectorAll(".turn");
  return [...(turns[turns.length - 1]?.querySelectorAll(".column") ?? [])];
};
const isShown = () => {
  const last = columns();
  return last.length > 0 && last.every((column) => column.markdown?.root.textContent !== "");
};

new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) probe.tasks.push([startTime, duration]);
}).observe({ type: "longtask", buffered: true });

const onFrame = (at) => {
  probe.frames.push(at);
  // One frame later: by then it has been painted.
  if (probe.shownAt === null && isShown()) requestAnimationFrame(() => (probe.shownAt = performance.now()));
  requestAnimationFrame(onFrame);
};
requestAnimationFrame(onFrame);

/** When the page's HTML was there, and when it showed the last turn's answers. */
probe.opened = () => [performance.getEntriesByType("navigation")[0].responseEnd, probe.shownAt];

/** Begin to measure a turn. */
probe.begin = () => {
  probe.turns = document.querySelectorAll(".turn").length;
  probe.from = performance.now();
  probe.frames.length = 0;
  probe.tasks.length = 0;
};

/** How many characters of the turn stand on the page, and whether all its answers have ended. */
probe.progress = () => {
  const isNew = document.querySelectorAll(".turn").length > probe.turns;
  const last = isNew ? columns() : [];
  return {
    chars: last.reduce((sum, column) => sum + column.markdown.text.length, 0),
    ended:
      last.length > 0 &&
      last.every(({ dataset }) => !["queued", "waiting", "streaming"].includes(dataset.status)),
    states: last.map(({ dataset }) => dataset.status),
  };
};

probe.end = () => ({ from: probe.from, to: performance.now(), frames: probe.frames, tasks: probe.tasks });
