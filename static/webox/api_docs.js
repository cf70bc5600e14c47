// Runs before the first paint: Swagger UI is dark by a class, not by the scheme of the page.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () =>
    root.classList.toggle(
      "dark-mode",
      root.dataset.theme === "dark" || (root.dataset.theme !== "light" && dark.matches),
    );
  dark.addEventListener("change", follow);
  follow();
})();
