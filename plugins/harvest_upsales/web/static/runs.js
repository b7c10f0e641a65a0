/** Starting runs from the page, and telling how they go. */
import { runPage, runState, write } from "./api.js";
import { Flex, InLink, Notice, Spinner, Text, h, useCallback, useEffect, useState } from "./ui.js";

const LOOK_EVERY_MS = 1500;
const ENDED = { success: "success", failed: "error" };

const NOTHING = { run: null, error: null, isStarting: false };

/** The run of a DAG that was started last: `{run, busy, error, start(dryRun)}`; `onEnd` is called when it has ended. */
export function useRuns(dagId, onEnd) {
  const [byDag, setByDag] = useState({});
  const { run, error, isStarting } = byDag[dagId] ?? NOTHING;
  const start = useCallback(
    async (dryRun) => {
      const tell = (news) =>
        setByDag((before) => ({ ...before, [dagId]: { ...(before[dagId] ?? NOTHING), ...news } }));
      tell({ isStarting: true, error: null });
      try {
        const started = await write("POST", "runs", { dry_run: dryRun }, { dag_id: dagId });
        tell({ run: { dagId, id: started.run_id, dryRun, state: "queued" }, isStarting: false });
      } catch (refusal) {
        tell({ error: refusal, isStarting: false });
      }
    },
    [dagId],
  );
  const watched = run && !(run.state in ENDED) ? run.id : null;
  useEffect(() => {
    if (!watched) return undefined;
    let isWanted = true;
    const timer = setInterval(async () => {
      const state = await runState(dagId, watched).catch(() => null);
      if (!state || !isWanted) return;
      setByDag((before) =>
        before[dagId].run.id === watched
          ? { ...before, [dagId]: { ...before[dagId], run: { ...before[dagId].run, state } } }
          : before,
      );
      if (state in ENDED) onEnd();
    }, LOOK_EVERY_MS);
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [dagId, watched, onEnd]);
  return { run, error, start, busy: isStarting || Boolean(watched) };
}

/** How the started run goes, with the way to it. */
export function RunNotice({ runs }) {
  const { run, error } = runs;
  if (error) return h(Notice, { status: "error", role: "alert", title: "No run was started" }, error.message);
  if (!run) return null;
  const name = run.dryRun ? "The plan" : "The run";
  const told = {
    queued: `${name} is waiting for its turn`,
    running: `${name} is under way`,
    success: run.dryRun ? "The plan is ready; nothing was written" : "The run is done",
    failed: `${name} ended with errors; the red tasks' logs say what to do`,
  };
  return h(
    Notice,
    { status: ENDED[run.state] ?? "info", "data-run-state": run.state, py: 2 },
    h(
      Flex,
      { gap: 3, wrap: "wrap", align: "center" },
      h(Text, { fontWeight: "medium" }, told[run.state] ?? `${name}: ${run.state}`),
      !(run.state in ENDED) && h(Spinner, { size: "xs" }),
      h(InLink, { to: runPage(run.dagId, run.id) }, run.dryRun ? "See the plan in the run" : "Open the run"),
    ),
  );
}
