/** One project in the table. Plain elements: fifty rows of themed components would be felt at every key press. */
import { grouped, isZero, plain } from "../exact.js";
import { ago, monthName, when } from "../moment.js";
import { stateOf } from "../states.js";
import { h, memo } from "../ui.js";

/** A cell; on a phone its label stands beside it. */
function cell(label, className, ...children) {
  const shown = children.filter(Boolean);
  return h(
    "td",
    { role: "cell", "data-label": label, className },
    shown.length ? h("div", null, ...shown) : null,
  );
}

export const Row = memo(function Row({ row, number }) {
  const state = stateOf(row.state);
  return h(
    "tr",
    { role: "row", "aria-rowindex": number, "data-project": row.project_id, "data-state": row.state },
    cell("Client", "name", row.client),
    cell(
      "Project",
      "name",
      h("div", null, h(OutLink, { href: row.project_url }, row.project)),
      (row.code || row.month) &&
        h("small", null, [row.code, monthName(row.month)].filter(Boolean).join(" · ")),
    ),
    cell("Hours", "number", plain(row.hours)),
    cell("Amount", "number", row.currency ? `${grouped(row.amount)} ${row.currency}` : ""),
    cell("Opportunity", null, h(Opportunity, { row })),
    cell(
      "State",
      "state",
      h("span", { className: `badge ${state.colour}` }, state.label),
      row.why && h("small", { title: row.why }, row.why),
      h(Invoice, { row }),
    ),
    cell(
      "Last sync",
      "when",
      row.last_sync && h("time", { dateTime: row.last_sync, title: when(row.last_sync) }, ago(row.last_sync)),
    ),
    cell(
      "Drift",
      isZero(row.drift) ? "number quiet" : "number drifts",
      row.drift == null ? "" : isZero(row.drift) ? "–" : grouped(row.drift),
    ),
  );
});

/** A link to another system, which opens beside Airflow. What is no web address stays text. */
function OutLink({ href, children }) {
  if (!/^https?:\/\//.test(href ?? "")) return children;
  return h(
    "a",
    { href, target: "_blank", rel: "noopener noreferrer" },
    children,
    h("span", { className: "unseen" }, " (opens in a new tab)"),
  );
}

function Opportunity({ row }) {
  if (!row.order_id) return h("span", { className: "quiet" }, "–");
  return h(
    "div",
    null,
    h(OutLink, { href: row.order_url }, `#${row.order_id}`),
    row.stage &&
      h(
        "small",
        null,
        row.probability == null ? row.stage : `${row.stage} · ${plain(row.probability)}\u00a0%`,
      ),
  );
}

function Invoice({ row }) {
  if (!row.invoice_id) return null;
  return h("small", null, h(OutLink, { href: row.invoice_url }, `Invoice ${row.invoice_id}`));
}
