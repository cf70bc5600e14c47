// Runs before the first paint, so that a folded sidebar never flashes open.
(() => {
  let side = null;
  try {
    side = JSON.parse(localStorage.getItem("webox.side"));
  } catch {
    // Storage may be forbidden: the page then starts with the default.
  }
  document.documentElement.dataset.side =
    side ?? (matchMedia("(max-width: 1279.98px)").matches ? "rail" : "open");
})();
