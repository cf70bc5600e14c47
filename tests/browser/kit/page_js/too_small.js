// Controls that are smaller than a finger.
([controls, least]) => [...document.querySelectorAll(controls)].flatMap((one) => {
  if (!one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || one.closest("[inert]")) return [];
  // A label is pressed with its field; links in a line of text are as high as it.
  const pressed = one.matches("input[type=checkbox], input[type=radio]") ? (one.closest("label") ?? one) : one;
  const inText = one.matches("a") && getComputedStyle(one).display === "inline";
  if (inText || one.closest(".prose, .visually-hidden") || one.matches(".skip-link, .side-scrim, [role=separator], [role=log], .body")) return [];
  const { width, height } = pressed.getBoundingClientRect();
  if (width === 0 || (width >= least - 0.5 && height >= least - 0.5)) return [];
  return [`${Math.round(width)}×${Math.round(height)} ${one.outerHTML.slice(0, 140)}`];
})
