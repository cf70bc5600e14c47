// What the pages of the settings share.
import { copyWithMark } from "../webox/clipboard.js";
import { $ } from "../webox/dom.js";
import { gettext } from "../webox/i18n.js";

// On a phone the sections are a row that is swiped: show the one the page is of.
$(".settings-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copyWithMark(button, $(button.dataset.copy).innerText));
}

// Choosing the file is the whole of it; what came of it stands on the page that follows.
const importFile = $("#import-file");
importFile?.addEventListener("change", () => {
  importFile.form.querySelector("label").textContent = gettext("Importing…");
  importFile.form.requestSubmit();
});
