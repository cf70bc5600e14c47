// Choices that are kept as they are made: no button, a word when it is done.
import { api, ApiError } from "../webox/api.js";
import { el, icon } from "../webox/dom.js";
import { gettext } from "../webox/i18n.js";
import { show } from "../webox/theme.js";

/** A control's choice as the API takes it. */
function choiceOf(input) {
  if (input.type === "checkbox") return input.checked;
  if ("number" in input.dataset) return input.value === "" ? null : Number(input.value);
  return input.value;
}

async function keep(form, input) {
  const said = form.querySelector("[data-saved]");
  const name = input.name;
  if (name === "theme") show(input.value);
  try {
    await api("PATCH", "/api/auth/preferences", { [name]: choiceOf(input) });
    // Every word of the page changes with the language.
    if (name === "language") location.reload();
    else said.replaceChildren(el("p", { class: "work-ok" }, icon("check"), gettext("Saved")));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    said.replaceChildren(el("p", { class: "card card-error", text: error.sentence }));
  }
}

for (const form of document.querySelectorAll("form[data-preferences]")) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({ target }) => keep(form, target));
}
