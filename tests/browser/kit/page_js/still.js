// Wait for the fonts, and for every motion that ends.
() => Promise.all([
  document.fonts.ready,
  ...document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime < Infinity)
    .map((one) => one.finished.catch(() => null)),
]).then(() => null)
