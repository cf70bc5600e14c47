// What the pages of the settings share.
import { copyWithMark } from "../webox/clipboard.js";
import { $ } from "../webox/dom.js";

// On a phone the sections are a row that is swiped: show the one the page is of.
$(".settings-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copyWithMark(button, $(button.dataset.copy).innerText));
}
