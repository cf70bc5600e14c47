import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ALL,
  dateGroup,
  listed,
  queryOf,
  range,
  sections,
  shows,
  viewOf,
} from "../../../../static/chat/sidebar/views.js";

const NOW = new Date(2026, 2, 10, 9, 30);
const talk = (values) => ({
  id: 1,
  title: "x",
  folder: "Général",
  tags: [],
  is_pinned: false,
  is_archived: false,
  is_favourite: false,
  updated_at: NOW.toISOString(),
  ...values,
});
const at = (...parts) => dateGroup(new Date(...parts), NOW);

test("a conversation stands under the day as a calendar counts it, older ones under their month", () => {
  assert.equal(at(2026, 2, 10, 0, 1), "Today");
  assert.equal(at(2026, 2, 9, 23, 59), "Yesterday");
  assert.equal(at(2026, 2, 8, 23, 59), "Previous 7 days");
  assert.equal(at(2026, 2, 3), "Previous 7 days");
  assert.equal(at(2026, 2, 2), "March");
  assert.equal(at(2026, 0, 31), "January");
  assert.equal(at(2025, 2, 10), "March 2025");
});

test("what a faster clock made stands under today", () => {
  assert.equal(at(2026, 2, 11, 0, 5), "Today");
});

test("each view shows its own, and only the archive what is archived", () => {
  const archived = talk({ is_archived: true, is_favourite: true, folder: "Work", tags: ["tax"] });
  for (const view of [
    ALL,
    { kind: "favourites" },
    { kind: "folder", name: "Work" },
    { kind: "tag", name: "tax" },
  ])
    assert.equal(shows(view, archived), false);
  assert.equal(shows({ kind: "archive" }, archived), true);
  const sorted = talk({ folder: "Work", tags: ["tax"], is_favourite: true });
  for (const view of [
    ALL,
    { kind: "favourites" },
    { kind: "folder", name: "Work" },
    { kind: "tag", name: "tax" },
  ])
    assert.equal(shows(view, sorted), true);
  assert.equal(shows({ kind: "archive" }, sorted), false);
});

test("the pinned ones stand apart among all, and by date in a folder", () => {
  const [old, pinned] = [
    talk({ id: 1, updated_at: new Date(2026, 0, 5).toISOString() }),
    talk({ id: 2, is_pinned: true }),
  ];
  const all = sections(ALL, [old, pinned], NOW);
  assert.deepEqual(all.pinned, [pinned]);
  assert.deepEqual(all.dates, [["January", [old]]]);
  const folder = sections({ kind: "folder", name: "Général" }, [old, pinned], NOW);
  assert.deepEqual(folder.pinned, []);
  assert.deepEqual(
    folder.dates.map(([heading]) => heading),
    ["Today", "January"],
  );
});

test("the last used comes first, the later one of two at the same moment", () => {
  const talks = [talk({ id: 1 }), talk({ id: 3, updated_at: "2020-01-01T00:00:00Z" }), talk({ id: 2 })];
  assert.deepEqual(
    listed(ALL, talks).map(({ id }) => id),
    [2, 1, 3],
  );
});

test("the API is asked for the page that follows", () => {
  assert.equal(queryOf(ALL, 100), "pinned=false&limit=100&offset=100");
  assert.equal(
    queryOf({ kind: "tag", name: "à lire & trier" }, 0),
    "tag=%C3%A0+lire+%26+trier&limit=100&offset=0",
  );
});

test("a stored view that is none is all", () => {
  for (const stored of [null, "folder", {}, { kind: "nowhere" }, { kind: "toString" }])
    assert.equal(viewOf(stored), ALL);
  assert.deepEqual(viewOf({ kind: "archive" }), { kind: "archive" });
});

test("a range has both ends, in either direction", () => {
  assert.deepEqual(range([5, 6, 7, 8], 6, 8), [6, 7, 8]);
  assert.deepEqual(range([5, 6, 7, 8], 7, 5), [5, 6, 7]);
  assert.deepEqual(range([5, 6], 9, 6), [6]);
});
