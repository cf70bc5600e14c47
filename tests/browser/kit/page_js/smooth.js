// What scrolls smoothly.
() => [...document.querySelectorAll("*")]
  .filter((one) => getComputedStyle(one).scrollBehavior === "smooth")
  .map((one) => one.tagName + "." + one.className)
