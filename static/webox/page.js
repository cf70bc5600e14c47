// Every signed-in page: fold the sidebar, open it as a drawer on a phone.
import { $ } from "./dom.js";
import { gettext } from "./i18n.js";
import { KEYS, load, save } from "./storage.js";

const root = document.documentElement;
const fold = $("[data-side-toggle]");
const opener = $("[data-drawer-open]");
const side = $("#side");
const main = $("#main");
let chosen = load(KEYS.side, null) !== null;

function nameFold() {
  const label = root.dataset.side === "rail" ? gettext("Open the sidebar") : gettext("Fold the sidebar");
  fold.setAttribute("aria-label", label);
  fold.title = label;
  fold.setAttribute("aria-expanded", String(root.dataset.side !== "rail"));
}

function setSide(side) {
  root.dataset.side = side;
  nameFold();
  chosen = true;
  save(KEYS.side, side);
}

const foldOrOpen = () => setSide(root.dataset.side === "rail" ? "open" : "rail");

fold.addEventListener("click", foldOrOpen);
nameFold();

const isPhone = () => matchMedia("(max-width: 767.98px)").matches;

/** Fold or open the sidebar; on a phone, the drawer. */
export function toggleSide() {
  if (isPhone()) drawer(!root.hasAttribute("data-drawer"));
  else foldOrOpen();
}

/** Have the sidebar’s list on the screen. */
export function showSide() {
  if (isPhone()) drawer(true);
  else if (root.dataset.side === "rail") setSide("open");
}

/** Give the answers the sidebar’s room on a laptop, unless the person said what they want. */
export function makeRoom() {
  if (chosen || !matchMedia("(min-width: 768px) and (max-width: 1535.98px)").matches) return;
  root.dataset.side = "rail";
  nameFold();
}

function drawer(open) {
  root.toggleAttribute("data-drawer", open);
  opener?.setAttribute("aria-expanded", String(open));
  main.inert = open;
  if (open) $("a, button", $(".side-links")).focus();
  else opener?.focus();
}

opener?.addEventListener("click", () => drawer(true));
$("[data-drawer-close]").addEventListener("click", () => drawer(false));
side.addEventListener("keydown", (event) => {
  if (
    event.key === "Escape" &&
    root.hasAttribute("data-drawer") &&
    !$("dialog[open], [popover]:popover-open")
  )
    drawer(false);
});
matchMedia("(min-width: 768px)").addEventListener("change", (query) => {
  if (query.matches && root.hasAttribute("data-drawer")) drawer(false);
});
