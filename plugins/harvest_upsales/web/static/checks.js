/** The set-up check: what is in order, and what to do about the rest. */
import { Badge, Box, Button, Flex, Notice, Panel, Skeleton, Text, h, useEffect, useRef } from "./ui.js";
import { useRoute } from "./use_route.js";

const LOOKS = {
  green: { colour: "green", sign: "✓", said: "in order" },
  red: { colour: "red", sign: "✗", said: "to do" },
  grey: { colour: "gray", sign: "–", said: "not looked at" },
};

/** `runId`: of the run whose board is known; after another one, the order fields may be there. */
export function Checks({ dagId, isOpen, runId }) {
  const { data, error, loading, reload } = useRoute("checks", { dag_id: dagId });
  useAgainWhenNeeded(isOpen, runId, reload);
  return h(
    Panel,
    {
      title: "Set-up check",
      aside: h(
        Button,
        { size: "sm", variant: "outline", onClick: reload, loading, loadingText: "Checking" },
        "Check again",
      ),
    },
    error &&
      h(Notice, { status: "error", role: "alert", title: "The set-up can't be checked" }, error.message),
    !data && !error && h(Skeleton, { height: "160px", "aria-label": "Checking the set-up" }),
    data && h(Verdict, { checks: data, loading }),
    data &&
      h(
        Box,
        { as: "ul", listStyleType: "none", "aria-busy": loading },
        data.map((check) => h(Line, { key: check.name, check })),
      ),
  );
}

/** People correct something elsewhere and return to this tab, or a run ends meanwhile: check again then. */
function useAgainWhenNeeded(isOpen, runId, reload) {
  const seen = useRef({ isOpen, runId });
  useEffect(() => {
    const before = seen.current;
    const hasRun = before.runId !== undefined && before.runId !== runId;
    if (isOpen && (!before.isOpen || hasRun)) reload();
    seen.current = { isOpen, runId };
  }, [isOpen, runId, reload]);
}

function Verdict({ checks, loading }) {
  const red = checks.filter((check) => check.state === "red").length;
  const text = red ? `${red} of ${checks.length} points need your attention` : "All is set up";
  return h(
    Text,
    { role: "status", fontWeight: "medium", color: loading ? "fg.muted" : undefined },
    loading ? "Checking …" : text,
  );
}

function Line({ check }) {
  const looks = LOOKS[check.state] ?? LOOKS.grey;
  return h(
    Flex,
    {
      as: "li",
      gap: 3,
      py: 2.5,
      borderTopWidth: "1px",
      align: "flex-start",
      "data-check": check.name,
      "data-state": check.state,
    },
    h(
      Badge,
      {
        colorPalette: looks.colour,
        variant: "subtle",
        minW: "1.75rem",
        justifyContent: "center",
        role: "img",
        "aria-label": looks.said,
      },
      looks.sign,
    ),
    h(
      Box,
      { minW: 0, overflowWrap: "anywhere", textStyle: "sm" },
      h(Text, { fontWeight: "medium" }, check.name),
      h(Text, { color: "fg.muted" }, check.text),
      check.to_do && h(Text, { mt: 1 }, check.to_do),
    ),
  );
}
