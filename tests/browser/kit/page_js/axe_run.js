// What axe finds.
async (rules) => {
  const found = await axe.run({ resultTypes: ["violations"], ...rules });
  return found.violations.map(({ id, impact, help, nodes }) =>
    ({ id, impact, help, nodes: nodes.map(({ target, failureSummary }) => [target.join(" "), failureSummary]) }));
}
