// The graphs: what each day asked, beside the days before; what each day cost, AI upon AI.
import { $ } from "../webox/dom.js";
import { fill, language, ngettext, number } from "../webox/i18n.js";
import { cost, dollars } from "../webox/money.js";

const BAR_OPACITY = 0.8;
const TICK_PX = 11;
const FULL_TURN = 360;

// A day has no time zone of its own: read and written in the same one, it never slips to its neighbour.
const dayFormat = (options) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
const shortDay = dayFormat({ day: "numeric", month: "short" });
const longDay = dayFormat({ weekday: "long", day: "numeric", month: "long" });
const questions = (count) =>
  fill(ngettext("%(count)s question", "%(count)s questions", count), { count: number(count) });

let charts = [];

/**
 * A colour as the browser resolves it now: a canvas understands neither custom properties nor light-dark().
 */
function colour(property, opacity = 1) {
  const probe = document.body;
  const before = probe.style.color;
  probe.style.color = `var(${property}, var(--ink-3))`;
  const resolved = getComputedStyle(probe).color;
  probe.style.color = before;
  return opacity === 1 ? resolved : resolved.replace(/^rgb\((.*)\)$/, `rgba($1, ${opacity})`);
}

const fontOf = () => ({ family: getComputedStyle(document.body).fontFamily, size: TICK_PX });

function axes(labelOf, amountOf, isStacked) {
  const ticks = { color: colour("--ink-3"), font: fontOf() };
  return {
    x: {
      stacked: isStacked,
      border: { color: colour("--line") },
      grid: { display: false },
      ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 40, callback: labelOf },
    },
    y: {
      stacked: isStacked,
      beginAtZero: true,
      border: { display: false },
      grid: { color: colour("--line"), drawTicks: false },
      ticks: { ...ticks, maxTicksLimit: 5, padding: 8, callback: amountOf },
    },
  };
}

function options({ labelOf, amountOf, isStacked = false, y = {}, tooltip }) {
  const font = fontOf();
  const scales = axes(labelOf, amountOf, isStacked);
  return {
    // Figures are not a show: nothing moves.
    animation: false,
    maintainAspectRatio: false,
    locale: language,
    interaction: { mode: "index", intersect: false },
    scales: { ...scales, y: { ...scales.y, ...y, ticks: { ...scales.y.ticks, ...y.ticks } } },
    plugins: {
      legend: { display: false },
      tooltip: {
        displayColors: isStacked,
        backgroundColor: colour("--ink"),
        titleColor: colour("--surface"),
        bodyColor: colour("--surface"),
        titleFont: { ...font, weight: 500 },
        bodyFont: font,
        callbacks: tooltip,
      },
    },
  };
}

const BARS = { borderRadius: 2, maxBarThickness: 16, categoryPercentage: 0.9, barPercentage: 0.8 };

function activity(days) {
  const dates = days.map(({ day }) => new Date(day));
  const line = {
    type: "line",
    label: "before",
    data: days.map(({ before }) => before),
    borderColor: colour("--ink"),
    borderWidth: 1.5,
    borderDash: [3, 3],
    pointRadius: 0,
    cubicInterpolationMode: "monotone",
  };
  const bars = {
    type: "bar",
    label: "questions",
    data: days.map((row) => row.questions),
    backgroundColor: colour("--accent", BAR_OPACITY),
    ...BARS,
  };
  return {
    type: "bar",
    data: {
      labels: days.map(({ day }) => day),
      datasets: days.some(({ before }) => before > 0) ? [line, bars] : [bars],
    },
    options: options({
      labelOf: (index) => shortDay.format(dates[index]),
      amountOf: (value) => number(value),
      y: { suggestedMax: 4, ticks: { precision: 0 } },
      tooltip: {
        title: ([bar]) => longDay.format(dates[bar.dataIndex]),
        label: (item) => (item.dataset.label === "before" ? null : questions(item.raw)),
      },
    }),
  };
}

/** Of vendors of one’s own, which have no colour, each gets another. */
const vendorColour = (slug, index, count) => {
  const own = getComputedStyle(document.documentElement).getPropertyValue(`--v-${slug}`) !== "";
  return own
    ? colour(`--v-${slug}`, BAR_OPACITY)
    : `hsl(${Math.round((FULL_TURN * index) / count)} 35% 55% / ${BAR_OPACITY})`;
};

function costs(rows, ais) {
  const spanOf = ({ first, last }, format) =>
    first === last ? format.format(new Date(first)) : format.formatRange(new Date(first), new Date(last));
  const datasets = ais.map(({ slug, label }, index) => ({
    label,
    data: rows.map(({ usd }) => usd[index]),
    backgroundColor: vendorColour(slug, index, ais.length),
    ...BARS,
    maxBarThickness: rows.length > 15 ? 16 : 40,
  }));
  return {
    type: "bar",
    data: { labels: rows.map(({ first }) => first), datasets },
    options: options({
      labelOf: (index) => spanOf(rows[index], shortDay),
      // As exactly as they are: two ticks never read alike.
      amountOf: (value) => dollars(value, 2, 8),
      isStacked: true,
      tooltip: {
        title: ([bar]) => spanOf(rows[bar.dataIndex], longDay),
        label: (item) => (item.raw === 0 ? null : `${item.dataset.label} · ${cost(item.raw)}`),
      },
    }),
  };
}

/** Draw what the page’s data says, in the colours in force; what was drawn before goes. */
export function drawCharts() {
  for (const chart of charts) chart.destroy();
  const data = $("#usage-data") ? JSON.parse($("#usage-data").textContent) : null;
  const wanted = data
    ? [
        ["#activity-graph", () => activity(data.activity)],
        ["#costs-graph", () => costs(data.costs, data.ais)],
      ]
    : [];
  charts = wanted
    .filter(([name]) => $(name))
    .map(([name, config]) => new globalThis.Chart($(name), config()));
}

for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
  matchMedia(query).addEventListener("change", drawCharts);
}
