/** A project's state on the board: its label, its colour, and how soon somebody should look. */

const STATES = [
  ["failed", "Failed", "red"],
  ["billing_failed", "Billing failed", "red"],
  ["held", "Held", "orange"],
  ["won", "Won", "teal"],
  ["tracking", "Tracking", "blue"],
  ["invoiced", "Invoiced", "green"],
  ["billing_sent", "Billing sent", "green"],
  ["lost", "Lost", "gray"],
  ["not_billed", "Not billed", "gray"],
];

const BY_NAME = new Map(STATES.map(([name, label, colour], rank) => [name, { name, label, colour, rank }]));

export const COLOURS = new Set(STATES.map(([, , colour]) => colour));

/** A state that this page does not know yet is shown under its own name, last. */
export const stateOf = (name) =>
  BY_NAME.get(name) ?? { name, label: name, colour: "gray", rank: STATES.length };
