/** How the table of projects looks: a table where there is room, a card for each project on a phone. */

import { COLOURS } from "../states.js";

const UNSEEN = {
  position: "absolute",
  width: "1px",
  height: "1px",
  overflow: "hidden",
  clipPath: "inset(50%)",
  whiteSpace: "nowrap",
};
export const NARROW = "@container (max-width: 46rem)";

const BADGES = Object.fromEntries(
  [...COLOURS].map((colour) => [`& .${colour}`, { background: `${colour}.subtle`, color: `${colour}.fg` }]),
);

export const TABLE = {
  ...BADGES,
  "& .badge": {
    borderRadius: "l2",
    padding: "0.1rem 0.4rem",
    fontSize: "0.75rem",
    fontWeight: "medium",
    whiteSpace: "nowrap",
  },
  "& a": { color: "fg.info", _hover: { textDecoration: "underline" } },
  "& .unseen": UNSEEN,
  textStyle: "sm",
  "& table": { width: "100%", borderCollapse: "collapse" },
  "& th, & td": { padding: "0.5rem 0.6rem", textAlign: "start", verticalAlign: "top" },
  "& th:first-of-type, & td:first-of-type": { paddingInlineStart: 0 },
  "& th:last-of-type, & td:last-of-type": { paddingInlineEnd: 0 },
  "& th": { whiteSpace: "nowrap", fontWeight: "medium", color: "fg.muted" },
  "& th button": { font: "inherit", color: "inherit", cursor: "pointer", _hover: { color: "fg" } },
  "& th[aria-sort$=ending] button": { color: "fg", fontWeight: "semibold" },
  "& tbody tr": { borderTopWidth: "1px", borderColor: "border" },
  "& tbody tr:hover": { background: "bg.subtle" },
  "& th:nth-of-type(1)": { width: "17%" },
  "& th:nth-of-type(2)": { width: "23%" },
  "& th:nth-of-type(5)": { width: "16%" },
  "& th:nth-of-type(6)": { width: "20%" },
  "& .number": { textAlign: "end", fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" },
  "& .when": { whiteSpace: "nowrap", color: "fg.muted" },
  "& .quiet": { color: "fg.muted" },
  "& .drifts": { color: "orange.fg", fontWeight: "medium" },
  "& .name": { overflowWrap: "anywhere" },
  "& .state": { maxWidth: "20rem" },
  "& small": {
    display: "block",
    color: "fg.muted",
    fontSize: "0.75rem",
    lineHeight: "1.35",
    overflowWrap: "anywhere",
  },
  "& .state small": { marginTop: "0.15rem" },
  [NARROW]: {
    "& thead": { display: "none" },
    "& table, & tbody": { display: "block" },
    "& tbody tr": { display: "block", padding: "0.6rem 0" },
    "& td": {
      display: "flex",
      justifyContent: "space-between",
      gap: "1rem",
      padding: "0.15rem 0",
      textAlign: "end",
    },
    "& td > div": { minWidth: 0, overflowWrap: "anywhere" },
    "& td::before": { content: "attr(data-label)", color: "fg.muted", flex: "none" },
    "& td:empty": { display: "none" },
    "& td.state": { display: "flow-root", maxWidth: "none", textAlign: "start" },
    "& td.state > div": { display: "inline" },
    "& td.state .badge": { float: "right" },
    "& td.name": { fontWeight: "medium" },
  },
};
