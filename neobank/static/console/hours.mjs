// Bars of the transfers in each of the last 24 hours. Without this module the same stands in a table.

const place = document.querySelector("[data-figures]");
const HEIGHT = 220;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Hours of the event's own clock, whatever this laptop's is.
const clock = new Intl.DateTimeFormat(place.dataset.language, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZone: place.dataset.zone,
});

function shown(seconds) {
  return clock.format(new Date(seconds * 1000));
}

function draw(hours) {
  const times = hours.map((hour) => Date.parse(hour.begins) / 1000);
  const line = { stroke: colour("--line"), width: 1 };
  const axis = { stroke: colour("--text-quiet"), grid: line, ticks: line };
  const options = {
    width: place.clientWidth,
    height: HEIGHT,
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: [times[0] - 2700, times[times.length - 1] + 2700] },
      y: { range: (_plot, _low, high) => [0, Math.max(high * 1.05, 5)] },
    },
    axes: [
      { ...axis, incrs: [3600, 7200, 10800, 14400, 21600], space: 56, values: (_plot, splits) => splits.map(shown) },
      { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000, 100000], size: 56 },
    ],
    series: [
      { label: place.dataset.hour, value: (_plot, seconds) => (seconds === null ? "" : shown(seconds)) },
      {
        label: place.dataset.transfers,
        width: 0,
        fill: colour("--link"),
        paths: window.uPlot.paths.bars({ size: [0.7, 40] }),
        points: { show: false },
      },
    ],
  };
  const plot = new window.uPlot(options, [times, hours.map((hour) => hour.count)], place);
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
}

try {
  const answer = await fetch(place.dataset.figures, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const { hours } = await answer.json();
  place.hidden = false;
  draw(hours);
} catch {
  place.hidden = false;
  place.replaceChildren(place.dataset.failed);
}
