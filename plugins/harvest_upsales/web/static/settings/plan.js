/** What settings would do at the next run: a dry run with them, followed until it ends. */
import { read, runPage, write } from "../api.js";
import { grouped } from "../exact.js";
import {
  Badge,
  Box,
  Flex,
  InLink,
  Notice,
  Panel,
  Spinner,
  Text,
  h,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "../ui.js";

const LOOK_EVERY_MS = 1500;
const SHOWN = 200;
const ENDED = new Set(["success", "failed"]);

/** `{start(body, of), of, result, error, busy}`; `of` tells which values the result belongs to. */
export function usePlan(dagId) {
  const [asked, setAsked] = useState(null);
  const [result, setResult] = useState(null);
  const [error, setError] = useState(null);
  const start = useCallback(
    async (body, of) => {
      setResult(null);
      setError(null);
      const started = await write("POST", "settings/plan", body, { dag_id: dagId });
      setAsked({ id: started.run_id, of });
    },
    [dagId],
  );
  const waits = Boolean(asked) && !error && !ENDED.has(result?.state);
  useEffect(() => {
    if (!waits) return undefined;
    let isWanted = true;
    let timer;
    const look = async () => {
      try {
        const found = await read("plan", { run_id: asked.id, dag_id: dagId });
        if (isWanted) setResult(found);
      } catch (refusal) {
        if (isWanted) setError(refusal);
      }
      if (isWanted) timer = setTimeout(look, LOOK_EVERY_MS);
    };
    look();
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [waits, asked, dagId]);
  return {
    start,
    of: asked?.of,
    runId: asked?.id,
    dagId,
    result: ENDED.has(result?.state) ? result : null,
    error,
    busy: waits,
  };
}

export function PlanResult({ plan, isOld }) {
  const box = useRef(null);
  useEffect(() => {
    if (plan.runId) box.current?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }, [plan.runId, plan.result]);
  if (!plan.runId) return null;
  const link = h(InLink, { to: runPage(plan.dagId, plan.runId) }, "the run");
  let content;
  if (plan.error)
    content = h(
      Notice,
      { status: "error", role: "alert", title: "The plan can't be read" },
      plan.error.message,
    );
  else if (plan.busy)
    content = h(
      Flex,
      { role: "status", gap: 2, align: "center" },
      h(Spinner, { size: "sm" }),
      "Comparing Harvest and Upsales; nothing is written.",
    );
  else content = h(Outcome, { result: plan.result });
  return h(
    Panel,
    {
      ref: box,
      title: "What would change",
      // Scrolled into view, it stands above the bar with the buttons.
      scrollMarginBottom: "5rem",
      "data-plan": plan.busy ? "running" : (plan.result?.state ?? "error"),
      aside: h(Text, { textStyle: "sm", color: "fg.muted" }, "Details in ", link),
    },
    isOld &&
      h(
        Notice,
        { status: "warning", title: "These are not the settings above" },
        "You have changed them since. Show the changes again.",
      ),
    content,
  );
}

const ACTIONS = { create: ["create", "green"], update: ["update", "blue"] };

function Outcome({ result }) {
  const writes = result.outcomes.filter((outcome) => outcome.action in ACTIONS);
  const { undos, closings } = result;
  const counts = [
    [writes.filter((outcome) => outcome.action === "create").length, "to create"],
    [writes.filter((outcome) => outcome.action === "update").length, "to update"],
    [result.settlements.length, "to settle"],
    [undos.length, "to undo"],
    [closings.length, "to archive"],
    [result.failures.length, "with problems"],
  ];
  const nothing = counts.every(([count]) => !count);
  return h(
    Box,
    { display: "grid", gap: 3 },
    h(
      Flex,
      { gap: 4, wrap: "wrap", role: "status" },
      nothing
        ? h(
            Text,
            null,
            result.state === "success"
              ? "Nothing: Upsales already says what these settings ask for."
              : "The plan failed; the run says why.",
          )
        : counts.map(([count, label]) => h(Text, { key: label }, h("strong", null, count), ` ${label}`)),
    ),
    result.failures.map((failure, position) =>
      h(Notice, { key: position, status: "error", title: named(failure) }, failure.reason),
    ),
    result.warnings.length > 0 &&
      h(
        Notice,
        { status: "warning" },
        result.warnings.map((warning) => h(Text, { key: warning }, warning)),
      ),
    undos.length > 0 &&
      h(
        Notice,
        { status: "warning", title: "Invoiced orders were moved back below 100 %" },
        "To undo one deletes its draft invoice in Harvest and reopens the project.",
      ),
    writes.length + result.settlements.length + undos.length + closings.length > 0 &&
      h(
        Box,
        {
          as: "ul",
          listStyleType: "none",
          maxH: "24rem",
          overflowY: "auto",
          tabIndex: 0,
          role: "list",
          "aria-label": "Planned writes",
          textStyle: "sm",
        },
        result.settlements.map((order, position) =>
          h(Line, { key: `s${position}`, label: "settle", colour: "purple", entry: order }),
        ),
        undos.map((order, position) =>
          h(Line, { key: `u${position}`, label: "undo", colour: "orange", entry: order }),
        ),
        closings.map((order, position) =>
          h(Line, { key: `c${position}`, label: "archive", colour: "gray", entry: order }),
        ),
        writes.slice(0, SHOWN).map((outcome, position) => {
          const [label, colour] = ACTIONS[outcome.action];
          return h(Line, { key: position, label, colour, entry: outcome });
        }),
        writes.length > SHOWN &&
          h(
            Text,
            { as: "li", color: "fg.muted", py: 2 },
            `and ${writes.length - SHOWN} more; the run lists them all`,
          ),
      ),
  );
}

const named = ({ client, project, order_id, task }) =>
  [client, project].filter(Boolean).join(" – ") || (order_id ? `Order ${order_id}` : task);

function Line({ label, colour, entry }) {
  const steps = entry.done ?? (entry.action === "update" ? entry.changes.map(told) : []);
  const changes = steps.join(", ");
  return h(
    Flex,
    { as: "li", gap: 3, py: 1.5, borderTopWidth: "1px", align: "baseline", wrap: "wrap" },
    h(Badge, { colorPalette: colour, variant: "subtle", minW: "3.6rem", justifyContent: "center" }, label),
    h(
      Box,
      { flex: "1 1 12rem", minW: 0, overflowWrap: "anywhere" },
      named(entry),
      changes && h(Text, { color: "fg.muted", textStyle: "xs" }, changes),
    ),
    entry.amount != null &&
      h(Text, { fontVariantNumeric: "tabular-nums" }, `${grouped(entry.amount)} ${entry.currency ?? ""}`),
  );
}

/** One field, before and after; long texts are the run's to show. */
function told({ field, old, new: next }) {
  return old.length + next.length > 60 ? field : `${field}: ${old || "nothing"} → ${next || "nothing"}`;
}
