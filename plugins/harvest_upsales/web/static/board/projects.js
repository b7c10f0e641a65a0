/** Every project: search, filters, order, and one page of rows at a time, so that thousands stay quick. */
import { stateOf } from "../states.js";
import {
  Box,
  Button,
  Choice,
  Flex,
  Input,
  Panel,
  Text,
  h,
  memo,
  useCallback,
  useDeferredValue,
  useEffect,
  useMemo,
  useState,
} from "../ui.js";
import { filtered, searchable, sorted } from "./choose_rows.js";
import { Row } from "./row.js";
import { NARROW, TABLE } from "./table_style.js";

const PAGE = 50;
const ALL = { search: "", state: "", client: "" };
/** What needs somebody comes first. */
const FIRST_ORDER = { column: "state", descending: false };
const COLUMNS = [
  ["client", "Client"],
  ["project", "Project"],
  ["hours", "Hours", "number"],
  ["amount", "Amount", "number"],
  ["stage", "Opportunity"],
  ["state", "State"],
  ["last_sync", "Last sync"],
  ["drift", "Drift", "number"],
];
/** Columns that people first want to see with the largest or newest on top. */
const LARGEST_FIRST = new Set(["hours", "amount", "drift", "last_sync", "stage"]);

export function Projects({ rows }) {
  const [filter, setFilter] = useState(ALL);
  const [order, setOrder] = useState(FIRST_ORDER);
  const [page, setPage] = useState(0);
  const change = useCallback((part) => setFilter((before) => ({ ...before, ...part })), []);
  const wanted = useDeferredValue(filter);
  const entries = useMemo(() => searchable(rows), [rows]);
  const ordered = useMemo(() => sorted(entries, order), [entries, order]);
  const found = useMemo(() => filtered(ordered, wanted), [ordered, wanted]);
  useEffect(() => setPage(0), [wanted, order]);
  const from = Math.min(page * PAGE, Math.max(0, found.length - 1));
  const first = from - (from % PAGE);
  return h(
    Panel,
    {
      title: "Projects",
      aside: h(
        Text,
        { role: "status", textStyle: "sm", color: "fg.muted" },
        counted(found.length, rows.length),
      ),
    },
    h(Filters, { rows, filter, onChange: change }),
    h(NarrowOrder, { order, setOrder }),
    h(Table, { rows: found.slice(first, first + PAGE), order, setOrder, total: found.length, first }),
    !found.length && h(NoMatch, { onClear: () => setFilter(ALL), isEmpty: !rows.length }),
    found.length > PAGE && h(Pager, { first, total: found.length, setPage }),
  );
}

function counted(shown, all) {
  const noun = all === 1 ? "project" : "projects";
  return shown === all ? `${all} ${noun}` : `${shown} of ${all} ${noun}`;
}

function Filters({ rows, filter, onChange }) {
  return h(
    Flex,
    { gap: 2, wrap: "wrap", role: "search", "aria-label": "Projects" },
    h(Input, {
      type: "search",
      size: "sm",
      flex: "1 1 14rem",
      placeholder: "Search client, project, code or order",
      "aria-label": "Search projects",
      value: filter.search,
      onChange: (event) => onChange({ search: event.target.value }),
    }),
    h(Picks, { rows, state: filter.state, client: filter.client, onChange }),
  );
}

/** Both lists; hundreds of clients are not gone through again at every key press in the search. */
const Picks = memo(function Picks({ rows, state, client, onChange }) {
  const clients = useMemo(
    () => [...new Set(rows.map((row) => row.client))].toSorted((a, b) => a.localeCompare(b)),
    [rows],
  );
  const states = useMemo(() => {
    const counts = new Map();
    for (const row of rows) counts.set(row.state, (counts.get(row.state) ?? 0) + 1);
    return [...counts]
      .map(([name, count]) => ({ ...stateOf(name), count }))
      .toSorted((a, b) => a.rank - b.rank);
  }, [rows]);
  return h(
    Flex,
    { gap: 2, wrap: "wrap" },
    h(Choice, {
      "aria-label": "State",
      width: "10rem",
      value: state,
      onChange: (name) => onChange({ state: name }),
      options: [
        ["", "All states"],
        ...states.map((known) => [known.name, `${known.label} (${known.count})`]),
      ],
    }),
    h(Choice, {
      "aria-label": "Client",
      width: "13rem",
      value: client,
      onChange: (name) => onChange({ client: name }),
      options: [["", "All clients"], ...clients.map((name) => [name, name])],
    }),
  );
});

function Table({ rows, order, setOrder, total, first }) {
  return h(
    Box,
    { css: TABLE },
    h(
      "table",
      { role: "table", "aria-label": "Projects", "aria-rowcount": total + 1 },
      h(
        "thead",
        { role: "rowgroup" },
        h(
          "tr",
          { role: "row" },
          COLUMNS.map(([name, label, kind]) =>
            h(ColumnHead, { key: name, name, label, kind, order, setOrder }),
          ),
        ),
      ),
      h(
        "tbody",
        { role: "rowgroup" },
        rows.map((row, position) => h(Row, { key: rowKey(row), row, number: first + position + 2 })),
      ),
    ),
  );
}

/** In month mode a project has a row for each of its opportunities. */
const rowKey = (row) => `${row.project_id} ${row.order_id ?? ""} ${row.key ?? ""} ${row.month ?? ""}`;

function ColumnHead({ name, label, kind, order, setOrder }) {
  const isSorted = order.column === name;
  const descending = isSorted ? !order.descending : LARGEST_FIRST.has(name);
  const direction = order.descending ? "descending" : "ascending";
  return h(
    "th",
    { role: "columnheader", scope: "col", className: kind, "aria-sort": isSorted ? direction : "none" },
    h(
      "button",
      { type: "button", onClick: () => setOrder({ column: name, descending }) },
      label,
      h(
        "span",
        { "aria-hidden": true, className: "arrow" },
        isSorted ? (order.descending ? " ↓" : " ↑") : "",
      ),
    ),
  );
}

/** On a phone the columns have no heads to press. */
function NarrowOrder({ order, setOrder }) {
  return h(
    Box,
    { css: { display: "none", [NARROW]: { display: "block" } } },
    h(Choice, {
      "aria-label": "Order",
      value: order.column,
      onChange: (column) => setOrder({ column, descending: LARGEST_FIRST.has(column) }),
      options: COLUMNS.map(([name, label]) => [name, `Order by ${label.toLowerCase()}`]),
    }),
  );
}

function NoMatch({ onClear, isEmpty }) {
  if (isEmpty)
    return h(Text, { py: 4, color: "fg.muted" }, "The last run found no project with time to bill.");
  return h(
    Flex,
    { py: 4, gap: 3, align: "center", color: "fg.muted" },
    "No project matches.",
    h(Button, { size: "sm", variant: "outline", onClick: onClear }, "Clear search and filters"),
  );
}

function Pager({ first, total, setPage }) {
  const page = first / PAGE;
  const last = Math.ceil(total / PAGE) - 1;
  return h(
    Flex,
    { as: "nav", "aria-label": "Pages", justify: "flex-end", align: "center", gap: 3 },
    h(
      Text,
      { textStyle: "sm", color: "fg.muted" },
      `${first + 1}–${Math.min(first + PAGE, total)} of ${total}`,
    ),
    h(
      Button,
      { size: "sm", variant: "outline", disabled: page === 0, onClick: () => setPage(page - 1) },
      "Previous",
    ),
    h(
      Button,
      { size: "sm", variant: "outline", disabled: page === last, onClick: () => setPage(page + 1) },
      "Next",
    ),
  );
}
