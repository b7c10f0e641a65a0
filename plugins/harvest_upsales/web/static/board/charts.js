/** Uninvoiced value by month and by client, one currency at a time. */
import { compare, grouped, short, sum } from "../exact.js";
import { monthName } from "../moment.js";
import { Box, Button, Choice, Panel, Text, h, useMemo, useState } from "../ui.js";
import { Stages } from "./totals.js";

const MONTHS = 12;
const CLIENTS = 8;
const WIDTH = 420;
const HEIGHT = 270;
const BASE = 246;
const TOP = 24;
/** As many columns have room for their letters on a phone. */
const ROOM = 6;

/** Brighter on black, where the brand's own blue would hardly be seen. */
const BAR = { fill: "brand.solid", _dark: { fill: "brand.400" } };
const MONTHS_STYLE = {
  "& text": { fill: "fg.muted", fontSize: "11.5px" },
  "& .value": { fill: "fg" },
  "& rect": BAR,
  "& rect:hover": { opacity: 0.8 },
  "& line": { stroke: "border" },
  // The drawing shrinks with its box; its letters must not, and where they are many every second one gives way.
  "@container (max-width: 30rem)": { "& text": { fontSize: "16px" }, "& .second text": { display: "none" } },
};

export function Charts({ byMonth, byClient, totals }) {
  const currencies = useMemo(() => currenciesOf(totals, byMonth, byClient), [totals, byMonth, byClient]);
  const [chosen, setChosen] = useState(null);
  const currency = currencies.includes(chosen) ? chosen : currencies[0];
  const ofCurrency = (lines) => lines.filter((line) => line.currency === currency);
  const choice =
    currencies.length > 1 &&
    h(Choice, {
      "aria-label": "Currency of the charts",
      size: "xs",
      width: "5.5rem",
      value: currency,
      onChange: setChosen,
      options: currencies.map((iso) => [iso, iso]),
    });
  return h(
    Box,
    { display: "grid", gap: 3, gridTemplateColumns: "repeat(auto-fit, minmax(min(100%, 22rem), 1fr))" },
    currency &&
      h(
        Panel,
        { title: "Uninvoiced by month", aside: choice || currency },
        h(Months, { lines: ofCurrency(byMonth), currency }),
      ),
    currency &&
      h(
        Panel,
        { title: "Uninvoiced by client", aside: h(Text, { textStyle: "sm", color: "fg.muted" }, currency) },
        h(Clients, { lines: ofCurrency(byClient), currency }),
      ),
    h(Stages, { stages: totals.stages }),
  );
}

/** The currency with most projects first. */
function currenciesOf(totals, byMonth, byClient) {
  const ranked = totals.currencies.toSorted((a, b) => b.projects - a.projects).map((total) => total.currency);
  const charted = new Set([...byMonth, ...byClient].map((line) => line.currency));
  return [...new Set([...ranked, ...charted])].filter((currency) => charted.has(currency));
}

/** The newest months; all earlier ones in one column, and what no run has told the month of in another. */
export function columns(lines) {
  const dated = lines.filter((line) => line.month).toSorted((a, b) => (a.month < b.month ? -1 : 1));
  const earlier = dated.slice(0, dated.length > MONTHS ? dated.length - MONTHS + 1 : 0);
  const found = dated.slice(earlier.length).map((line) => {
    const label = monthName(line.month);
    return { name: label.split(" ")[0], label, ...line };
  });
  if (earlier.length) {
    const label = `Until ${monthName(earlier.at(-1).month)}`;
    found.unshift({
      month: "earlier",
      name: "earlier",
      label,
      amount: sum(earlier.map((line) => line.amount)),
    });
  }
  const undated = lines.find((line) => !line.month && !isLessThanOne(line.amount));
  if (undated) found.push({ ...undated, month: "unknown", name: "other", label: "Month not known" });
  return found;
}

/** Below one unit it is what rounding has left, and no column. */
const isLessThanOne = (amount) => compare(amount, "1") < 0 && compare(amount, "-1") > 0;

function Months({ lines, currency }) {
  const bars = columns(lines);
  if (!bars.length) return h(Nothing);
  const most = Math.max(...bars.map((bar) => Number(bar.amount)), 1);
  const step = WIDTH / Math.max(bars.length, 4);
  const told = bars.map((bar) => `${bar.label}: ${grouped(bar.amount)}`).join("; ");
  return h(
    Box,
    {
      as: "svg",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      width: "100%",
      role: "img",
      "aria-label": `Uninvoiced value by month in ${currency}. ${told}`,
      css: MONTHS_STYLE,
    },
    h("line", { x1: 0, x2: WIDTH, y1: BASE + 0.5, y2: BASE + 0.5 }),
    bars.map((bar, position) => {
      const height = Math.max(0, (Number(bar.amount) / most) * (BASE - TOP));
      const middle = (position + 0.5) * step;
      const left = middle - step * 0.34;
      return h(
        "g",
        { key: bar.month, className: bars.length > ROOM && position % 2 ? "second" : undefined },
        h(
          "rect",
          { x: left, width: step * 0.68, y: BASE - height, height, rx: 3 },
          h("title", null, `${bar.label}: ${grouped(bar.amount)} ${currency}`),
        ),
        h(
          "text",
          { className: "value", x: middle, y: BASE - height - 6, textAnchor: "middle" },
          short(bar.amount),
        ),
        bar.month === "earlier"
          ? h("text", { x: left, y: BASE + 17 }, bar.name)
          : h("text", { x: middle, y: BASE + 17, textAnchor: "middle" }, bar.name),
      );
    }),
  );
}

function Clients({ lines, currency }) {
  const [all, setAll] = useState(false);
  const sorted = lines.toSorted((a, b) => compare(b.amount, a.amount));
  if (!sorted.length) return h(Nothing);
  const most = Math.max(Number(sorted[0].amount), 1);
  const shown = all ? sorted : sorted.slice(0, CLIENTS);
  return h(
    Box,
    null,
    h(
      Box,
      {
        as: "ul",
        listStyleType: "none",
        display: "grid",
        gap: 1.5,
        textStyle: "xs",
        maxH: "19rem",
        overflowY: "auto",
        tabIndex: all ? 0 : undefined,
      },
      shown.map((line) =>
        h(Client, { key: line.client, line, currency, share: Math.max(0, Number(line.amount) / most) }),
      ),
    ),
    sorted.length > CLIENTS &&
      h(
        Button,
        { variant: "ghost", size: "xs", mt: 2, ms: -2.5, "aria-expanded": all, onClick: () => setAll(!all) },
        all ? "Show fewer" : `Show all ${sorted.length} clients`,
      ),
  );
}

function Client({ line, currency, share }) {
  return h(
    Box,
    { as: "li", display: "grid", gridTemplateColumns: "minmax(0, 1fr) auto", columnGap: 2, rowGap: 0.5 },
    h(Text, { as: "span", truncate: true, title: line.client }, line.client),
    h(Text, { as: "span", fontVariantNumeric: "tabular-nums" }, `${grouped(line.amount)} ${currency}`),
    h(
      Box,
      {
        as: "svg",
        "aria-hidden": true,
        gridColumn: "1 / -1",
        width: "100%",
        height: "6px",
        css: { "& .track": { fill: "bg.muted" }, "& .bar": BAR },
      },
      h("rect", { className: "track", width: "100%", height: 6, rx: 3 }),
      h("rect", { className: "bar", width: `${(share * 100).toFixed(1)}%`, height: 6, rx: 3 }),
    ),
  );
}

const Nothing = () => h(Text, { color: "fg.muted", textStyle: "sm" }, "Nothing is uninvoiced.");
