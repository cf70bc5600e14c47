// The browsable API: the page’s language and the names of controls, which Django REST framework’s markup
// lacks.
"use strict";

document.documentElement.lang = document.currentScript.dataset.language;
for (const toggle of document.querySelectorAll(".dropdown-toggle")) {
  toggle.setAttribute("aria-label", document.currentScript.dataset.formats);
}
for (const group of document.querySelectorAll(".form-group")) {
  const label = group.querySelector("label");
  const field = group.querySelector("input, select, textarea");
  if (label && field && field.labels.length === 0) field.setAttribute("aria-label", label.textContent.trim());
}
