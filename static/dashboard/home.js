// The usage page: draws the activity of the last 30 days and gives each share its vendor's colour.
import { $ } from "../webox/dom.js";
import { fill, language, ngettext, number } from "../webox/i18n.js";

const days = JSON.parse($("#activity-data").textContent);
const canvas = $("#activity-graph");
const BAR_OPACITY = 0.8;
const TICK_PX = 11;

// A day has no time zone of its own: read and written in the same one, it never slips to its neighbour.
const dayFormat = (options) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
const shortDay = dayFormat({ day: "numeric", month: "short" });
const longDay = dayFormat({ weekday: "long", day: "numeric", month: "long" });
const dates = days.map(({ day }) => new Date(day));

const questions = (count) => fill(ngettext("%(count)s question", "%(count)s questions", count), { count: number(count) });

/** A colour as the browser resolves it now: a canvas understands neither custom properties nor light-dark(). */
function colour(property) {
  canvas.style.color = `var(${property})`;
  const resolved = getComputedStyle(canvas).color;
  canvas.style.removeProperty("color");
  return resolved;
}

function options() {
  const font = { family: getComputedStyle(document.body).fontFamily, size: TICK_PX };
  return {
    // Nothing here is running, so nothing moves.
    animation: false,
    maintainAspectRatio: false,
    locale: language,
    interaction: { mode: "index", intersect: false },
    scales: {
      x: {
        border: { color: colour("--line") },
        grid: { display: false },
        ticks: { color: colour("--ink-3"), font, maxRotation: 0, autoSkipPadding: 40, callback: (index) => shortDay.format(dates[index]) },
      },
      y: {
        beginAtZero: true,
        suggestedMax: 4,
        border: { display: false },
        grid: { color: colour("--line"), drawTicks: false },
        ticks: { color: colour("--ink-3"), font, precision: 0, maxTicksLimit: 5, padding: 8 },
      },
    },
    plugins: {
      legend: { display: false },
      tooltip: {
        displayColors: false,
        backgroundColor: colour("--ink"),
        titleColor: colour("--surface"),
        bodyColor: colour("--surface"),
        titleFont: { ...font, weight: 500 },
        bodyFont: font,
        callbacks: { title: ([bar]) => longDay.format(dates[bar.dataIndex]), label: (bar) => questions(bar.raw) },
      },
    },
  };
}

const accent = () => colour("--accent").replace(/^rgb\((.*)\)$/, `rgba($1, ${BAR_OPACITY})`);

const chart = new globalThis.Chart(canvas, {
  type: "bar",
  data: {
    labels: days.map(({ day }) => day),
    datasets: [{ data: days.map((row) => row.questions), backgroundColor: accent(), borderRadius: 2, maxBarThickness: 16, categoryPercentage: 0.9, barPercentage: 0.8 }],
  },
  options: options(),
});

function repaint() {
  chart.options = options();
  chart.data.datasets[0].backgroundColor = accent();
  chart.update();
}

for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
  matchMedia(query).addEventListener("change", repaint);
}

for (const bar of document.querySelectorAll("progress[data-vendor]")) {
  bar.style.setProperty("--v", `var(--v-${bar.dataset.vendor})`);
}
