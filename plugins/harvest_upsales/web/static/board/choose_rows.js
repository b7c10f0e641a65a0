/** Which projects the table shows, and in what order. No state of its own. */
import { compare } from "../exact.js";
import { stateOf } from "../states.js";

const folded = (text) => (text ?? "").normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** What the search looks at, made once for each answer: accents and case do not matter. */
export const searchable = (rows) =>
  rows.map((row) => ({
    row,
    text: folded([row.client, row.project, row.code, row.order_id, row.stage, row.project_id].join(" ")),
  }));

/** Rows that hold every word of the search, of one state and client where those are chosen. */
export function filtered(entries, { search, state, client }) {
  const words = folded(search).split(/\s+/).filter(Boolean);
  return entries
    .filter(
      ({ row, text }) =>
        (!state || row.state === state) &&
        (!client || row.client === client) &&
        words.every((word) => text.includes(word)),
    )
    .map(({ row }) => row);
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const byText = (field) => (a, b) => collator.compare(a[field] ?? "", b[field] ?? "");
const byNumber = (field) => (a, b) => (a[field] ?? -1) - (b[field] ?? -1);
/** Amounts of two currencies can't be compared, so each currency stands together. */
const byMoney = (field) => (a, b) =>
  collator.compare(b.currency ?? "", a.currency ?? "") || compare(a[field], b[field]);
const inTurn =
  (...orders) =>
  (a, b) =>
    orders.reduce((found, order) => found || order(a, b), 0);
const opposite = (order) => (a, b) => order(b, a);

const ORDERS = {
  client: inTurn(byText("client"), byText("project")),
  project: inTurn(byText("project"), byText("code")),
  hours: (a, b) => compare(a.hours, b.hours),
  amount: byMoney("amount"),
  stage: inTurn(byNumber("probability"), byText("stage"), byNumber("order_id")),
  state: inTurn((a, b) => stateOf(a.state).rank - stateOf(b.state).rank, opposite(byMoney("amount"))),
  last_sync: byText("last_sync"),
  drift: byMoney("drift"),
};

/** The entries in the order of one column, as a new list. */
export function sorted(entries, { column, descending }) {
  const order = descending ? opposite(ORDERS[column]) : ORDERS[column];
  return entries.toSorted((a, b) => order(a.row, b.row));
}
