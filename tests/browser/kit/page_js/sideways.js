// How much wider than the window the page is, and what stands past its edge; nothing where it fits.
() => {
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide <= 0) return [];
  const past = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
  return [`${wide} px too wide`, ...past.slice(0, 5).map((one) => one.outerHTML.slice(0, 160))];
}
