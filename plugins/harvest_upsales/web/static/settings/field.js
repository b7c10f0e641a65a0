/** One setting: label, input, help, and what the server said about it. */
import { plain } from "../exact.js";
import { Box, Choice, Flex, Input, Text, h, useId } from "../ui.js";
import { CompanyMap } from "./company_map.js";

export function Field({ field, value, onChange, choices, error, disabled }) {
  const id = useId();
  const helpId = `${id}-help`;
  const errorId = `${id}-error`;
  const common = {
    id,
    disabled,
    name: field.key,
    "aria-describedby": error ? `${errorId} ${helpId}` : helpId,
    "aria-invalid": error ? true : undefined,
    "aria-required": field.required || undefined,
  };
  const wide = field.type === "map";
  return h(
    Box,
    {
      "data-setting": field.key,
      gridColumn: wide ? "1 / -1" : undefined,
      minW: 0,
      role: wide ? "group" : undefined,
      "aria-labelledby": wide ? `${id}-label` : undefined,
    },
    field.type === "bool"
      ? h(Switch, { field, common, value, onChange })
      : h(
          "div",
          null,
          h(
            Text,
            {
              as: wide ? "div" : "label",
              id: `${id}-label`,
              htmlFor: wide ? undefined : id,
              display: "block",
              fontWeight: "medium",
              textStyle: "sm",
              mb: 1,
            },
            field.label,
            field.required && h(Required),
          ),
          h(Entry, { field, common, value, onChange, choices, error }),
        ),
    error && h(Text, { id: errorId, role: "alert", color: "fg.error", textStyle: "sm", mt: 1 }, error),
    h(Text, { id: helpId, color: "fg.muted", textStyle: "xs", mt: 1 }, field.help),
  );
}

const Required = () => h(Text, { as: "span", color: "fg.muted", fontWeight: "normal" }, " (required)");

function Switch({ field, common, value, onChange }) {
  return h(
    Flex,
    {
      as: "label",
      gap: 2,
      align: "center",
      fontWeight: "medium",
      textStyle: "sm",
      cursor: common.disabled ? "default" : "pointer",
    },
    h(Box, {
      as: "input",
      type: "checkbox",
      ...common,
      checked: value,
      onChange: (event) => onChange(event.target.checked),
      css: { accentColor: "var(--chakra-colors-brand-solid)", width: "1.05rem", height: "1.05rem" },
    }),
    field.label,
  );
}

function Entry({ field, common, value, onChange, choices, error }) {
  if (field.type === "map") return h(CompanyMap, { common, value, onChange });
  const options = optionsOf(field, choices, value);
  if (options) return h(Choice, { ...common, value, onChange, options, invalid: Boolean(error) });
  return h(Input, {
    ...common,
    size: "sm",
    value,
    inputMode: field.type === "int" || field.choices ? "numeric" : undefined,
    autoComplete: "off",
    onChange: (event) => onChange(event.target.value),
  });
}

/** `[value, label]` pairs; nothing where a list is missing, so that an id can be entered. */
function optionsOf(field, choices, value) {
  if (field.options?.length) return field.options.map(({ value: key, label }) => [key, label]);
  if (!field.choices) return null;
  const list = choices?.[field.choices];
  if (!list?.length) return choices ? null : [[value, value || "Loading …"]];
  const fits = (choice) => String(choice.id) === value || isOffered(choice);
  const found = list.filter(fits).map((choice) => [String(choice.id), choiceLabel(choice)]);
  const known = !value || found.some(([id]) => id === value);
  return [
    ["", field.required ? "Choose …" : "None"],
    ...found,
    ...(known ? [] : [[value, `${value} (not in Upsales)`]]),
  ];
}

/** People who left, products no longer sold, and stages of won and lost orders are not to be chosen again. */
function isOffered({ active, probability }) {
  const percent = probability == null ? 50 : Number(probability);
  return active !== false && percent > 0 && percent < 100;
}

function choiceLabel(choice) {
  const name = choice.active === false ? `${choice.name} (not active)` : choice.name;
  if (choice.probability != null) return `${name} · ${plain(choice.probability)} %`;
  return typeof choice.id === "string" ? `${name} (${choice.id})` : name;
}
