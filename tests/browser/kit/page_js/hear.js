// Write down, in `heard`, what screen readers are told from now on.
() => {
  const live = document.querySelectorAll("[aria-live]:not([aria-live=off]), [role=status], [role=alert], output");
  globalThis.heard = [];
  for (const region of live) {
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) {
        for (const node of addedNodes) if (node.textContent.trim() !== "") globalThis.heard.push(node.textContent);
      }
    }).observe(region, { childList: true, characterData: true, subtree: true });
  }
}
