// What both usage pages do with their figures: colours of vendors, filters that send themselves, graphs.
import { $ } from "../webox/dom.js";
import { drawCharts } from "./charts.js";

/** Bring the page’s figures to life: when it is opened, and after they were replaced by newer ones. */
export function enliven() {
  for (const bar of document.querySelectorAll("progress[data-vendor]")) {
    bar.style.setProperty("--v", `var(--v-${bar.dataset.vendor})`);
  }
  const filters = $("[data-filters]");
  for (const select of filters?.querySelectorAll("select") ?? [])
    select.addEventListener("change", () => filters.requestSubmit());
  filters?.addEventListener("submit", () => leaveOut(filters));
  drawCharts();
}

/** Days of one’s own go before a ready-made range; what is empty needs no place in the address. */
function leaveOut(form) {
  const own = [...form.querySelectorAll("[type=date]")].some((input) => input.value !== "");
  for (const control of form.querySelectorAll("[name]"))
    control.disabled = control.value === "" || (own && control.name === "days");
}

// Who comes back finds the form as it was sent.
addEventListener("pageshow", () => {
  for (const control of document.querySelectorAll("[data-filters] [name]")) control.disabled = false;
});
