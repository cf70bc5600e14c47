import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Layout } from "../../../static/chat/thread/layout.js";
import { ALL, viewOf } from "../../../static/chat/sidebar/views.js";
import { KEYS, load, save } from "../../../static/webox/storage.js";

const STATIC = fileURLToPath(new URL("../../../static/", import.meta.url));
const stored = new Map();
globalThis.localStorage = {
  getItem: (key) => stored.get(key) ?? null,
  setItem: (key, value) => stored.set(key, value),
  removeItem: (key) => stored.delete(key),
};

beforeEach(() => stored.clear());

test("no two features share a key", () => {
  const keys = Object.values(KEYS);
  assert.equal(new Set(keys).size, keys.length);
});

// webox.v1 is the protocol of the socket.
test("every key is named in storage.js and nowhere else", () => {
  const scripts = readdirSync(STATIC, { recursive: true }).map((name) => name.replaceAll("\\", "/"));
  const ours = scripts.filter((name) => name.endsWith(".js") && !name.startsWith("vendor/"));
  assert.ok(ours.length > 100);
  const naming = ours.filter((name) =>
    /["'`]webox\.(?!v1\b)[a-z_]/.test(readFileSync(`${STATIC}${name}`, "utf8")),
  );
  // early.js runs before the page is drawn, and is no module that could import the key.
  assert.deepEqual(naming.sort(), ["webox/early.js", "webox/storage.js"]);
  assert.ok(readFileSync(`${STATIC}webox/early.js`, "utf8").includes(`"${KEYS.side}"`));
});

test("looking at a turn in tabs leaves the sidebar as it is, and the other way round", () => {
  const favourites = { kind: "favourites" };
  save(KEYS.sidebarView, favourites);
  new Layout(1).setView(5, "tabs");
  assert.deepEqual(viewOf(load(KEYS.sidebarView, null)), favourites);
  save(KEYS.sidebarView, { kind: "archive" });
  assert.equal(new Layout(2).view(9), "tabs");
});

test("what 0.9.0 kept under the shared key goes to the one that it fits", () => {
  stored.set(KEYS.turnView, JSON.stringify({ kind: "favourites" }));
  assert.deepEqual(viewOf(load(KEYS.sidebarView, load(KEYS.turnView, null))), { kind: "favourites" });
  assert.equal(new Layout(1).view(5), "columns");
  stored.set(KEYS.turnView, JSON.stringify("tabs"));
  assert.deepEqual(viewOf(load(KEYS.sidebarView, load(KEYS.turnView, null))), ALL);
  assert.equal(new Layout(1).view(5), "tabs");
});
