// Controls that no scrolling brings into the window.
(controls) => [...document.querySelectorAll(controls)].filter((one) => {
  if (!one.checkVisibility({ visibilityProperty: true }) || one.closest("[inert]") || one.matches(".skip-link")) return false;
  one.scrollIntoView({ block: "nearest", inline: "nearest" });
  const box = one.getBoundingClientRect();
  return box.right < 1 || box.bottom < 1 || box.left > innerWidth - 1 || box.top > innerHeight - 1;
}).map((one) => one.outerHTML.slice(0, 160))
