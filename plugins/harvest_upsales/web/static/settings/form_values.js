/** Settings as the form holds them (text and switches), and back to the values that are saved. */

const SECTIONS = [
  [
    "New opportunities",
    [
      "default_user_id",
      "default_stage_id",
      "default_product_id",
      "opportunity_per",
      "create_missing_companies",
      "company_map",
    ],
  ],
  ["Tracked time", ["approved_time_only", "write_time_to_notes", "late_time"]],
  ["Won orders", ["invoice_state", "archive_invoiced_projects", "reopened_orders"]],
  ["Billing app", ["billing_integration_id", "billing_reference_field", "billing_timeout_minutes"]],
];
const REST = "Technical";

/** Fields in their sections, in the sections' order; what no section names comes last. */
export function sections(fields) {
  const byKey = new Map(fields.map((field) => [field.key, field]));
  const named = new Set(SECTIONS.flatMap(([, keys]) => keys));
  return [
    ...SECTIONS.map(([title, keys]) => [title, keys.map((key) => byKey.get(key)).filter(Boolean)]),
    [REST, fields.filter((field) => !named.has(field.key))],
  ].filter(([, found]) => found.length);
}

/** What each field shows: the value that is set, else its default. */
export function toForm(fields, values) {
  return Object.fromEntries(
    fields.map((field) => [field.key, shown(field, values[field.key] ?? field.default)]),
  );
}

function shown(field, value) {
  if (field.type === "bool") return value === true;
  if (field.type === "map")
    return Object.entries(value ?? {}).map(([from, to]) => [String(from), String(to)]);
  return value == null ? "" : String(value);
}

/**
 * Values to check and save: what was set stays set, what is as its default is left out unless it was set before.
 * A field that was emptied goes back to its default.
 * Names that no setting has are left out: no run accepts them.
 * Text that is no number where one is due goes as it is, for the server to refuse by the field's name.
 */
export function fromForm(fields, entered, before) {
  const values = {};
  for (const field of fields) {
    const value = meant(field, entered[field.key]);
    if (value === null && field.default != null) continue;
    const isDefault = JSON.stringify(value) === JSON.stringify(field.default ?? null);
    if (!isDefault || (field.key in before && !field.required)) values[field.key] = value;
  }
  return values;
}

/** `[{key, message}]` of maps with two lines for one key, of which the values could hold one only. */
export function doubled(fields, entered) {
  return fields
    .filter((field) => field.type === "map")
    .flatMap(({ key }) => {
      const names = entered[key].map(([from]) => from.trim()).filter(Boolean);
      const twice = [...new Set(names.filter((name, position) => names.indexOf(name) !== position))];
      const message = `${twice.join(", ")}: more than one line. Keep one line for each client.`;
      return twice.length ? [{ key, message }] : [];
    });
}

function meant(field, value) {
  if (field.type === "bool") return value;
  if (field.type === "map") {
    return Object.fromEntries(
      value
        .filter(([from, to]) => from.trim() || to.trim())
        .map(([from, to]) => [from.trim(), number(to.trim())]),
    );
  }
  if (value.trim() === "") return null;
  return isNumeric(field) ? number(value.trim()) : value.trim();
}

const NAMED = new Set(["order_fields"]);
const isNumeric = (field) =>
  field.type === "int" || (field.type === "choice" && field.choices && !NAMED.has(field.choices));
const number = (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text);
