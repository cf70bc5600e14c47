// The line-ups to begin new conversations with.
import { api, ApiError } from "../webox/api.js";
import { $, el } from "../webox/dom.js";
import { gettext } from "../webox/i18n.js";
import "./preferences.js";

const select = $("#line-up");
const { chosen } = select.dataset;

try {
  const lineUps = await api("GET", "/api/chat/line-ups?limit=1000");
  select.append(...lineUps.map(({ id, name }) => el("option", { value: id, text: name })));
  // One that was deleted since is as good as none.
  select.value = lineUps.some(({ id }) => String(id) === chosen) ? chosen : "";
  if (lineUps.length === 0) $("#line-up-help").prepend(gettext("You have no line-up yet."), " ");
  select.disabled = false;
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  $("[data-saved]").replaceChildren(el("p", { class: "card card-error", text: error.sentence }));
}
