/** Totals per currency, the one with most projects first, and per stage. Currencies are never added. */
import { grouped, isZero, plain } from "../exact.js";
import { Badge, Box, Flex, Panel, Text, VisuallyHidden, h } from "../ui.js";

export function Totals({ totals }) {
  return h(
    Box,
    { display: "grid", gap: 3, gridTemplateColumns: "repeat(auto-fit, minmax(min(100%, 15rem), 1fr))" },
    totals.currencies
      .toSorted((a, b) => b.projects - a.projects)
      .map((total) => h(Currency, { key: total.currency, total })),
  );
}

function Currency({ total }) {
  const drifts = !isZero(total.drift);
  return h(
    Panel,
    {
      title: total.currency,
      "data-currency": total.currency,
      aside: h(
        Text,
        { textStyle: "xs", color: "fg.muted" },
        total.projects === 1 ? "1 project" : `${total.projects} projects`,
      ),
    },
    h(
      Flex,
      { align: "baseline", gap: 2, wrap: "wrap" },
      h(
        Text,
        { textStyle: "2xl", fontWeight: "semibold", lineHeight: "1", fontVariantNumeric: "tabular-nums" },
        grouped(total.harvest),
      ),
      h(Text, { textStyle: "xs", color: "fg.muted" }, "uninvoiced in Harvest"),
    ),
    h(
      Flex,
      { gap: 2, align: "baseline", wrap: "wrap", textStyle: "xs", color: "fg.muted" },
      h("span", null, `Upsales ${grouped(total.upsales)}`),
      h(
        Badge,
        { colorPalette: drifts ? "orange" : "green", variant: "subtle" },
        drifts ? `drift ${grouped(total.drift)}` : "no drift",
      ),
    ),
  );
}

/** The value on each stage of the Sales board. */
export function Stages({ stages }) {
  if (!stages.length) return null;
  return h(
    Panel,
    { title: "By stage" },
    h(
      Box,
      {
        as: "table",
        width: "100%",
        textStyle: "sm",
        css: {
          "& td, & th": { py: "1", textAlign: "start", verticalAlign: "baseline" },
          "& .number": { textAlign: "end", fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" },
        },
      },
      h(VisuallyHidden, { as: "caption" }, "Value of opportunities by stage and currency"),
      h(
        VisuallyHidden,
        { as: "thead" },
        h(
          "tr",
          null,
          h("th", { scope: "col" }, "Stage"),
          h("th", { scope: "col" }, "Orders"),
          h("th", { scope: "col" }, "Amount"),
        ),
      ),
      h(
        "tbody",
        null,
        stages.map((line) =>
          h(
            "tr",
            { key: `${line.stage} ${line.probability} ${line.currency}` },
            h(
              "td",
              null,
              line.stage,
              h(
                Text,
                { as: "span", color: "fg.muted" },
                ` ${line.probability == null ? "" : `${plain(line.probability)}\u00a0% · `}${line.orders}`,
              ),
            ),
            h("td", { className: "number" }, `${grouped(line.amount)} ${line.currency}`),
          ),
        ),
      ),
    ),
  );
}
