// What the page of AIs says of a provider, from its record. No DOM here.
import { ago } from "../../webox/dates.js";
import { fill, gettext } from "../../webox/i18n.js";

const OBSTACLES = {
  no_key: ["key", () => gettext("Key to add")],
  not_set_up: ["ring", () => gettext("Not set up")],
  premium: ["lock", () => gettext("With Premium")],
  provider_disabled: ["off", () => gettext("Switched off")],
  model_disabled: ["off", () => gettext("Model switched off")],
  unreadable_key: ["alert", () => gettext("Key must be entered again")],
};

// How a key’s last test ended, in a word or two; an unknown code has failed.
const TESTS = {
  "": () => gettext("works"),
  bad_key: () => gettext("rejected"),
  no_credit: () => gettext("no credit left"),
  unreachable: () => gettext("vendor not reached"),
};

export const isDemo = ({ protocol }) => protocol === "demo";

/** How it stands with a provider: {icon, text, kind}, kind being ready, wrong or missing. */
export function stateOf(record) {
  if (record.ready) return { icon: "check", kind: "ready", text: readyWords(record) };
  const code = record.reason === "no_key" && !record.needs_key ? "not_set_up" : record.reason;
  const [icon, words] = OBSTACLES[code] ?? ["alert", () => gettext("Not available yet")];
  return { icon, kind: code === "unreadable_key" ? "wrong" : "missing", text: words() };
}

function readyWords({ key, needs_key, server_key, has_environment_key }) {
  if (key) return gettext("Ready with your key");
  return needs_key || server_key || has_environment_key
    ? gettext("Ready with this server’s key")
    : gettext("Ready, no key needed");
}

/** What a key is known by: its last letters are all that ever comes back. */
export const keyName = ({ last4 }) => (last4 ? fill(gettext("…%(last4)s"), { last4 }) : gettext("short key"));

/** When a key was tested, and how that ended. */
export function testedWords({ tested_at, test_code }, now = Date.now()) {
  if (!tested_at) return gettext("not tested yet");
  return fill(gettext("tested %(when)s: %(result)s"), {
    when: ago(tested_at, now),
    result: (TESTS[test_code] ?? (() => gettext("failed")))(),
  });
}

/** When a key was last used for a question. */
export const usedWords = ({ last_used_at }, now = Date.now()) =>
  last_used_at
    ? fill(gettext("last used %(when)s"), { when: ago(last_used_at, now) })
    : gettext("not used yet");

/** Ready ones first, then the rest, the demonstrations last; else as they come. */
export function inOrder(records) {
  const rank = (record) => (isDemo(record) ? 2 : Number(!record.ready));
  return records.toSorted((a, b) => rank(a) - rank(b));
}

/** Whether the person has no AI yet but the demonstrations. */
export const isFirstVisit = (records) => !records.some((record) => record.ready && !isDemo(record));
