// The page of AIs and keys: the list, the ways to more, and what the address points at.
import { $, el } from "../webox/dom.js";
import { fill, gettext } from "../webox/i18n.js";
import { AddServer, LocalServers } from "./ais/add.js";
import { ProviderRow } from "./ais/row.js";
import { inOrder, isDemo, isFirstVisit } from "./ais/words.js";

const SAID_MS = 10_000;

const state = JSON.parse($("#page-state").textContent);
const list = $("#providers");
let rows = [];

/** One polite sentence for screen readers; what is seen stands beside the button that was pressed. */
function say(text) {
  const line = el("p", { text });
  $("#status").append(line);
  setTimeout(() => line.remove(), SAID_MS);
}

const page = {
  isOwner: state.is_owner,
  vendors: state.vendors,
  adminUrl: list.dataset.admin,
  say,
  onChange: showFirst,
  onRemoved: (row) => {
    rows = rows.filter((other) => other !== row);
    row.element.remove();
    history.replaceState(null, "", location.pathname);
    showFirst();
    say(fill(gettext("%(name)s is removed."), { name: row.record.label }));
    list.focus();
  },
};

/** Who has nothing, or nothing but the demonstrations, is told what to do. */
function showFirst() {
  $("#first-key").hidden = rows.length === 0 || !isFirstVisit(rows.map((row) => row.record));
  $("#no-ais").hidden = rows.length > 0;
}

const find = (slug) => rows.find((row) => row.record.slug === slug);

/**
 * A server that was added, or was there already and has changed: it stands before the demonstrations, open.
 */
function onAdded(record) {
  const known = find(record.slug);
  if (known) {
    known.take(record);
    known.open();
  } else {
    const row = new ProviderRow(record, page);
    const next = rows.find((other) => isDemo(other.record));
    list.insertBefore(row.element, next?.element ?? null);
    rows.push(row);
    showFirst();
    row.open();
  }
  say(fill(gettext("%(name)s is added."), { name: record.label }));
}

/** `/chat/ais#openai` opens that one. */
function followHash() {
  find(location.hash.slice(1))?.open();
}

rows = inOrder(state.providers).map((record) => new ProviderRow(record, page));
list.replaceChildren(...rows.map((row) => row.element));
showFirst();
new AddServer($("#add-server"), { say, onAdded });
if (state.is_owner) new LocalServers($("#local-servers"), { say, onAdded });
addEventListener("hashchange", followHash);
followHash();
