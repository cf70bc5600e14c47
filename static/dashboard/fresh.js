// New figures without a reload: asked for while the page is looked at, faster while answers are being
// written.
import { $ } from "../webox/dom.js";

const RUNNING_MS = 2_000;
const IDLE_MS = 15_000;

/** The page as the server gives it now. A document made this way runs no script. */
function read(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.onload = () =>
      request.status === 200 ? resolve(request.response) : reject(new Error(`status ${request.status}`));
    request.onerror = () => reject(new Error("offline"));
    request.send();
  });
}

// Somebody fills something in, or is told what was wrong with it.
const isBusy = (usage) =>
  (usage.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) ||
  usage.querySelector(".errorlist") !== null;

/** Put the newer figures in the place of the old ones, tables that are open staying open. */
function replace(fresh, after) {
  const usage = $("#usage");
  const newer = fresh.querySelector("#usage");
  if (!newer || isBusy(usage)) return;
  for (const { id } of usage.querySelectorAll("details[id][open]"))
    newer.querySelector(`#${id}`)?.setAttribute("open", "");
  const focused = usage.contains(document.activeElement) ? document.activeElement.closest("[id]")?.id : null;
  usage.replaceWith(document.adoptNode(newer));
  if (focused) document.getElementById(focused)?.querySelector("summary, a, button")?.focus();
  after();
}

/** Look for new figures from now on; `after()` is called when there are some on the page. */
export function keepFresh(after) {
  let timer = null;
  const look = async () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") {
      try {
        const answer = await fetch("/api/stats/user", { headers: { Accept: "application/json" } });
        const { total_answers, running } = await answer.json();
        const { address, answers, running: before } = $("#usage").dataset;
        if (answer.ok && (String(total_answers) !== answers || String(running) !== before))
          replace(await read(`${address}${location.search}`), after);
      } catch {
        // Offline or signed out: the figures stay as they are, and the next look tries again.
      }
    }
    timer = setTimeout(look, Number($("#usage").dataset.running) > 0 ? RUNNING_MS : IDLE_MS);
  };
  timer = setTimeout(look, RUNNING_MS);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
}
