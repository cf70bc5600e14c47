// On a phone the sections are a row that is swiped: show the one the page is of.
import { $ } from "../webox/dom.js";

$(".settings-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
