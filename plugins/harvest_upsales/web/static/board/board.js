/** The board: totals, charts, and every project. */
import { Box, Button, Flex, Heading, Notice, Skeleton, Text, h } from "../ui.js";
import { Charts } from "./charts.js";
import { Projects } from "./projects.js";
import { Totals } from "./totals.js";

export function Board({ board, me, go }) {
  const { data, error, reload } = board;
  if (!data && error) {
    return h(
      Notice,
      { status: "error", role: "alert", title: "The board can't be read" },
      h(Text, { mb: 2 }, error.message),
      h(Button, { size: "sm", variant: "outline", onClick: reload }, "Try again"),
    );
  }
  if (!data) return h(Waiting);
  if (!data.as_of && !data.rows.length) return h(FirstTime, { me, go });
  return h(
    Flex,
    { direction: "column", gap: 3 },
    error &&
      h(Notice, { status: "warning", role: "alert", title: "This is not the newest state" }, error.message),
    h(Totals, { totals: data.totals }),
    h(Charts, { byMonth: data.by_month, byClient: data.by_client, totals: data.totals }),
    h(Projects, { rows: data.rows }),
  );
}

function Waiting() {
  return h(
    Flex,
    { direction: "column", gap: 3, "aria-label": "Loading the board", "aria-busy": true, role: "status" },
    h(Skeleton, { height: "88px" }),
    h(Skeleton, { height: "240px" }),
    h(Skeleton, { height: "320px" }),
  );
}

const FIRST_STEPS = [
  ["checks", "Set-up check", "says which connections, rights and fields are missing, and what to do"],
  ["settings", "Settings", "choose the user, the stage and the product of new opportunities"],
];

/** No run has looked at anything yet: what to do next. */
function FirstTime({ me, go }) {
  return h(
    Box,
    { maxW: "44rem", py: 6, mx: "auto" },
    h(Heading, { as: "h2", size: "lg", mb: 2 }, "No run yet"),
    h(
      Text,
      { mb: 4, color: "fg.muted" },
      "Once a run has looked at Harvest and Upsales, every project stands here with its hours, its value and its opportunity. The way there:",
    ),
    h(
      Box,
      { as: "ol", display: "grid", gap: 3, ps: 5, listStyleType: "decimal" },
      FIRST_STEPS.map(([tab, name, text]) =>
        h(
          "li",
          { key: tab },
          h(
            Button,
            {
              variant: "plain",
              fontSize: "inherit",
              verticalAlign: "baseline",
              size: "sm",
              px: 0,
              h: "auto",
              color: "fg.info",
              textDecoration: "underline",
              onClick: () => go({ tab }),
            },
            name,
          ),
          h(Text, { as: "span", ml: 2 }, text),
        ),
      ),
      h(
        "li",
        null,
        h(
          Text,
          null,
          h("strong", null, "Plan"),
          " shows what a run would do and writes nothing; ",
          h("strong", null, "Run now"),
          " does it. Both need the DAG switched on under Dags. Do that before settings are saved: its schedule starts a run at once, and without settings no run writes.",
        ),
      ),
    ),
    !me.can_run &&
      h(Notice, { status: "info", mt: 4 }, "You may look, but not start runs. Ask somebody who may."),
  );
}
