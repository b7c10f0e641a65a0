/** The board: totals, charts, and every project. */
import { Box, Button, Flex, Heading, InLink, Notice, Skeleton, Text, h } from "../ui.js";
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
  if (!data.as_of && !data.rows.length) return h(FirstTime, { me, go, dagId: data.dag_id });
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

/** No run has looked at anything yet: what to do next, in the order of docs/quickstart.md. */
function FirstTime({ me, go, dagId }) {
  const tab = (name, label) => h(TabLink, { onClick: () => go({ tab: name }) }, label);
  return h(
    Box,
    { maxW: "44rem", py: 6, mx: "auto" },
    h(Heading, { as: "h2", size: "lg", mb: 2 }, "No run yet"),
    h(
      Text,
      { mb: 4, color: "fg.muted" },
      "Once a run has looked at Harvest and Upsales, this page lists every project with its hours, its value and its opportunity. To get there:",
    ),
    h(
      Box,
      { as: "ol", display: "grid", gap: 3, ps: 5, listStyleType: "decimal" },
      h(
        "li",
        null,
        tab("checks", "Set-up check"),
        " says which connections, rights and fields are missing, and what to do.",
      ),
      h(
        "li",
        null,
        "Switch ",
        h(InLink, { to: `/dags/${encodeURIComponent(dagId)}`, textDecoration: "underline" }, "the DAG"),
        " on, before settings are saved: its schedule starts a run at once, and without settings no run writes. A paused DAG runs nothing, not even a plan.",
      ),
      h(
        "li",
        null,
        tab("settings", "Settings"),
        ": choose the user, the stage and the product of new opportunities, and look at what would change.",
      ),
      h(
        "li",
        null,
        h("strong", null, "Plan"),
        " shows what a run would do and writes nothing; ",
        h("strong", null, "Run now"),
        " does it.",
      ),
    ),
    !me.can_run &&
      h(Notice, { status: "info", mt: 4 }, "You can look at the board, but not start runs. Ask someone who can."),
  );
}

/** Leads to another tab. */
function TabLink({ onClick, children }) {
  return h(
    Button,
    {
      variant: "plain",
      fontSize: "inherit",
      verticalAlign: "baseline",
      size: "sm",
      px: 0,
      h: "auto",
      minW: 0,
      color: "fg.info",
      textDecoration: "underline",
      onClick,
    },
    children,
  );
}
