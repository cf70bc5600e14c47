// Columns that scroll together, and the swipe from one to the next.
const SWIPE_PX = 56;
const SIDEWAYS = 2;

/**
 * Keep these scrollers at the same share of their length while `isOn()`; the one under the reader’s hand
 * leads.
 */
export function linkScrolling(host, bodiesOf, isOn) {
  let leader = null;
  const lead = (event) => (leader = event.target.closest?.(".body") ?? null);
  for (const type of ["wheel", "pointerdown", "touchstart", "keydown", "focusin"])
    host.addEventListener(type, lead, { passive: true });
  const follow = ({ target }) => {
    if (target !== leader || !isOn()) return;
    const share = target.scrollTop / Math.max(1, target.scrollHeight - target.clientHeight);
    for (const other of bodiesOf()) {
      if (other !== target) other.scrollTop = share * (other.scrollHeight - other.clientHeight);
    }
  };
  // Scrolling does not bubble.
  host.addEventListener("scroll", follow, { capture: true, passive: true });
}

/**
 * Call `onSwipe(1)` for a swipe to the left, `onSwipe(-1)` for one to the right; not over what scrolls
 * sideways itself.
 */
export function onSwipes(host, onSwipe) {
  let from = null;
  host.addEventListener(
    "touchstart",
    (event) => {
      const { clientX, clientY } = event.touches[0];
      from =
        event.touches.length === 1 && !scrollsSideways(event.target, host)
          ? { x: clientX, y: clientY }
          : null;
    },
    { passive: true },
  );
  host.addEventListener(
    "touchend",
    (event) => {
      if (from === null) return;
      const { clientX, clientY } = event.changedTouches[0];
      const [across, down] = [clientX - from.x, clientY - from.y];
      from = null;
      if (Math.abs(across) < SWIPE_PX || Math.abs(across) < SIDEWAYS * Math.abs(down)) return;
      onSwipe(across < 0 ? 1 : -1);
    },
    { passive: true },
  );
}

function scrollsSideways(node, host) {
  for (let at = node; at && at !== host; at = at.parentElement) {
    if (at.scrollWidth > at.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(at).overflowX))
      return true;
  }
  return false;
}
