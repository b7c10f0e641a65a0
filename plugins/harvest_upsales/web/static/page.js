/** The page "Harvest – Upsales": its head, its three tabs, and the runs that it started. Airflow imports this file. */
import { runPage } from "./api.js";
import { Board } from "./board/board.js";
import { Checks } from "./checks.js";
import { ago, when } from "./moment.js";
import { RunNotice, useRuns } from "./runs.js";
import { Settings } from "./settings/settings.js";
import {
  Box,
  Button,
  Choice,
  Flex,
  Heading,
  InLink,
  Notice,
  Skeleton,
  Tabs,
  Text,
  h,
  useCallback,
  useEffect,
  useState,
} from "./ui.js";
import { useRoute } from "./use_route.js";

const TABS = [
  ["board", "Board"],
  ["settings", "Settings"],
  ["checks", "Set-up check"],
];
const TITLE = "Harvest – Upsales";
const LOOK_EVERY_MS = 5000;
/** What is told of the newest run, by its state. */
const TOLD = { failed: "The last run failed", running: "A run is under way" };

/** The page, as soon as it is known who looks at it. */
function Page() {
  const me = useRoute("me");
  useTitle();
  let content = h(Skeleton, { height: "200px", "aria-label": "Loading" });
  if (me.data && me.data.can_view) content = h(Content, { me: me.data });
  else if (me.data) content = h(Notice, { status: "warning", title: "There is nothing to see yet" }, NO_DAG);
  else if (me.error) {
    content = h(
      Notice,
      { status: "error", role: "alert", title: "The page can't be shown" },
      me.error.message,
    );
  }
  return h(
    Box,
    { as: "main", className: "harvest-upsales", height: "100%", overflowY: "auto", p: 3, css: AROUND },
    content,
  );
}

const AROUND = { containerType: "inline-size" };
const NO_DAG =
  "This page shows what the runs of the DAG harvest_upsales found. Either Airflow has not read the DAG yet, or you " +
  "have no right to see it. Ask an administrator of this Airflow.";

function useTitle() {
  useEffect(() => {
    const before = document.title;
    document.title = `${TITLE} – Airflow`;
    return () => {
      document.title = before;
    };
  }, []);
}

/**
 * The chosen tab and DAG: `[{tab, dag_id}, go]`. The address follows, for links and reloads, but the router is not told:
 * Airflow would draw the whole page again, and the keyboard's focus would be lost.
 */
function useAddress() {
  const [address, setAddress] = useState(() => Object.fromEntries(new URLSearchParams(location.search)));
  const go = useCallback((changes) => {
    setAddress((before) => ({ ...before, ...changes }));
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) url.searchParams.set(name, value);
    history.replaceState(history.state, "", url);
  }, []);
  return [address, go];
}

function Content({ me }) {
  const [address, go] = useAddress();
  const dagId = me.dags.includes(address.dag_id) ? address.dag_id : me.dags[0];
  const tab = TABS.some(([name]) => name === address.tab) ? address.tab : "board";
  const board = useRoute("board", { dag_id: dagId });
  const runs = useRuns(dagId, board.reload);
  useAgainWhileRunning(board);
  return h(
    Flex,
    { direction: "column", gap: 3 },
    h(Head, { me, dagId, board: board.data, runs, onDag: (dag_id) => go({ dag_id }) }),
    h(RunNotice, { runs }),
    h(
      Tabs.Root,
      {
        value: tab,
        onValueChange: ({ value }) => go({ tab: value }),
        lazyMount: true,
        size: "md",
        colorPalette: "blue",
      },
      h(
        Tabs.List,
        { "aria-label": TITLE },
        TABS.map(([value, label]) => h(Tabs.Trigger, { key: value, value }, label)),
      ),
      h(Tabs.Content, { value: "board" }, h(Board, { key: dagId, board, me, go })),
      h(
        Tabs.Content,
        { value: "settings" },
        h(ForAdministrators, { me }, h(Settings, { key: dagId, dagId, onSaved: board.reload })),
      ),
      h(
        Tabs.Content,
        { value: "checks" },
        h(ForAdministrators, { me }, h(Checks, { key: dagId, dagId, isOpen: tab === "checks", runId: board.data?.run_id })),
      ),
    ),
  );
}

/** Somebody else's run, or the schedule's, leaves a new board too. */
function useAgainWhileRunning({ data, reload }) {
  const isRunning = data?.newest_run?.state === "running";
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(reload, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isRunning, reload]);
}

/** Others may know why they see nothing here. The server refuses them, whatever this page shows. */
function ForAdministrators({ me, children }) {
  if (me.can_edit) return children;
  return h(
    Notice,
    { status: "info", title: "This is for administrators" },
    "Settings and set-up need an administrator of this Airflow, as they did in Upsales' own Harvest app. You can still look at the board.",
  );
}

function Head({ me, dagId, board, runs, onDag }) {
  return h(
    Flex,
    { as: "header", justify: "space-between", align: "center", gap: 3, wrap: "wrap" },
    h(Box, { minW: 0 }, h(Heading, { as: "h1", size: "lg" }, TITLE), h(AsOf, { board })),
    h(
      Flex,
      { gap: 2, wrap: "wrap" },
      me.dags.length > 1 &&
        h(Choice, {
          "aria-label": "DAG",
          value: dagId,
          onChange: onDag,
          options: me.dags.map((id) => [id, id]),
          width: "auto",
        }),
      me.can_run &&
        h(
          Button,
          {
            size: "sm",
            variant: "outline",
            disabled: runs.busy,
            title: "Say what a run would do, and write nothing",
            onClick: () => runs.start(true),
          },
          "Plan",
        ),
      me.can_run &&
        h(
          Button,
          {
            size: "sm",
            disabled: runs.busy,
            title: "Start a run over all projects",
            onClick: () => runs.start(false),
          },
          "Run now",
        ),
    ),
  );
}

function AsOf({ board }) {
  const newest = board?.newest_run;
  const news = newest?.state in TOLD && [
    " · ",
    h(InLink, { key: "news", to: runPage(board.dag_id, newest.run_id) }, TOLD[newest.state]),
  ];
  if (!board?.as_of)
    return h(Text, { color: "fg.muted", textStyle: "sm" }, "Tracked time as opportunities", news);
  const told = h("time", { dateTime: board.as_of, title: when(board.as_of) }, ago(board.as_of));
  return h(
    Text,
    { color: "fg.muted", textStyle: "sm" },
    "As of ",
    told,
    ", from ",
    board.run_id
      ? h(InLink, { to: runPage(board.dag_id, board.run_id) }, "the last run")
      : "the last run",
    news,
  );
}

globalThis.AirflowPlugin = Page;
