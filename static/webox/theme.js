// Change the theme at once, without loading the page anew: what is being written stays on the screen.
const root = document.documentElement;

/** Show this page in a theme: `system`, `light` or `dark`. */
export function show(theme) {
  root.dataset.theme = theme;
  document.querySelector('meta[name="color-scheme"]').content = theme === "system" ? "light dark" : theme;
}

for (const form of document.querySelectorAll("[data-theme-form]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const theme = event.submitter.value;
    const before = root.dataset.theme;
    show(theme);
    // The button that was pressed has just vanished for the other one.
    form.querySelector(theme === "dark" ? ".to-light" : ".to-dark").focus();
    const kept = await fetch(form.action, {
      method: "POST",
      body: new FormData(form, event.submitter),
      redirect: "manual",
    }).catch(() => null);
    if (kept?.type !== "opaqueredirect") show(before);
  });
}
