// Two drawings: thresholds against false match rates, and rates of groups with their intervals.
import { h, svg } from "../dom.js";
import { oneIn, similar } from "../words.js";

const text = (x, y, words, properties = {}) => svg("text", { x, y, ...properties }, words);
const line = (x1, y1, x2, y2, name) => svg("line", { x1, y1, x2, y2, class: name });
const decade = (rate) => {
  const n = Math.round(1 / rate);
  return n >= 1e6 ? `1 in ${n / 1e6}M` : n >= 1000 ? `1 in ${n / 1000}k` : `1 in ${n}`;
};

/** The threshold that follows from each false match rate, with its interval; `here` is the rate that is chosen. */
export function thresholds(points, here) {
  const small = innerWidth < 620;
  const [width, height, left, bottom] = small ? [330, 230, 40, 34] : [620, 280, 52, 34];
  const logs = points.map(({ fmr }) => Math.log10(fmr)).filter(Number.isFinite);
  const [from, to] = [Math.max(...logs), Math.min(...logs)];
  const all = points.flatMap(({ low, high, threshold }) => [low ?? threshold, high ?? threshold]);
  const [floor, roof] = [Math.min(...all) - 0.004, Math.max(...all) + 0.004];
  const x = (fmr) => left + ((from - Math.log10(fmr)) / (from - to || 1)) * (width - left - 20);
  const y = (value) => 12 + ((roof - value) / (roof - floor)) * (height - bottom - 12);
  const used = points.filter(({ fmr }) => fmr > 0);
  const steps = [0, 1, 2, 3, 4].map((i) => floor + ((roof - floor) * i) / 4);
  const decades = [];
  for (let power = Math.ceil(to); power <= Math.floor(from); power += small ? 2 : 1) decades.push(10 ** power);
  const band = [
    ...used.map((p) => `${x(p.fmr)},${y(p.high ?? p.threshold)}`),
    ...[...used].reverse().map((p) => `${x(p.fmr)},${y(p.low ?? p.threshold)}`),
  ].join(" ");
  return svg(
    "svg",
    {
      class: "chart",
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": `Thresholds from ${similar(used[0].threshold)} for ${oneIn(used[0].fmr)} false matches to ${similar(used.at(-1).threshold)} for ${oneIn(used.at(-1).fmr)}. The table below has all of them.`,
    },
    steps.map((value) => [
      line(left, y(value), width - 20, y(value), "grid"),
      text(left - 8, y(value) + 4, value.toFixed(2), { "text-anchor": "end" }),
    ]),
    decades.map((rate) => text(x(rate), height - 12, decade(rate), { "text-anchor": "middle" })),
    svg("polygon", { class: "band", points: band }),
    svg("polyline", { class: "curve", points: used.map((p) => `${x(p.fmr)},${y(p.threshold)}`).join(" ") }),
    here && [
      line(x(here.fmr), 12, x(here.fmr), height - bottom, "here"),
      svg("circle", { class: "dot", cx: x(here.fmr), cy: y(here.threshold), r: 6 }),
    ],
  );
}

/** The threshold for a rate between measured points, as the library takes it: straight in the logarithm of the rate. */
export function between(points, fmr) {
  const sorted = points.filter((p) => p.fmr > 0).sort((a, b) => a.fmr - b.fmr);
  const at = sorted.findIndex((p) => p.fmr >= fmr * (1 - 1e-9));
  if (at < 0) return sorted.at(-1).threshold;
  if (at === 0) return sorted[0].threshold;
  const [a, b] = [sorted[at - 1], sorted[at]];
  const part = (Math.log10(fmr) - Math.log10(a.fmr)) / (Math.log10(b.fmr) - Math.log10(a.fmr));
  return a.threshold + part * (b.threshold - a.threshold);
}

/** One line per group: a dot at its rate, whiskers for its 95 % interval; groups that differ are marked in words too. */
export function groups(title, rows, target) {
  const [width, row, left] = [innerWidth < 620 ? 340 : 460, 34, 120];
  const shown = rows.filter(({ rate }) => rate && rate.value !== null);
  const height = shown.length * row + (target ? 34 : 8);
  const most = Math.max(...shown.map(({ rate }) => rate.high ?? rate.value), target ?? 0, 1e-9) * 1.08;
  const x = (value) => left + (Math.max(value, 0) / most) * (width - left - 90);
  const words = shown
    .map(({ name, rate, stands }) => `${name}: ${oneIn(rate.value)}${stands ? ", differs from the others" : ""}`)
    .join("; ");
  return h(
    "figure",
    { class: "stack" },
    h("figcaption", null, h("h3", null, title)),
    svg(
      "svg",
      { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}. ${words}` },
      target
        ? [
            line(x(target), 4, x(target), height - 30, "target"),
            text(x(target), height - 12, `asked for ${oneIn(target)}`, { "text-anchor": "middle" }),
          ]
        : null,
      shown.map(({ name, rate, stands }, i) => {
        const y = i * row + 20;
        const kind = stands ? " bad" : "";
        return [
          line(left, y, width - 90, y, "grid"),
          text(left - 12, y + 4, name.length > 16 ? `${name.slice(0, 15)}…` : name, {
            "text-anchor": "end",
            class: "ink",
          }),
          line(x(rate.low ?? rate.value), y, x(rate.high ?? rate.value), y, `whisker${kind}`),
          svg("circle", { class: `dot${kind}`, cx: x(rate.value), cy: y, r: 6 }),
          text(width, y + 4, `${oneIn(rate.value)}${stands ? " !" : ""}`, { "text-anchor": "end", class: "ink" }),
        ];
      }),
    ),
  );
}
