/** Harvest clients and their Upsales companies, a line for each. */
import { Button, Flex, Input, Text, h, useRef } from "../ui.js";

export function CompanyMap({ common, value, onChange }) {
  const list = useRef(null);
  const set = (line, side, text) =>
    onChange(value.map((pair, position) => (position === line ? pair.with(side, text) : pair)));
  const add = () => {
    onChange([...value, ["", ""]]);
    requestAnimationFrame(() => list.current?.querySelector("li:nth-last-child(2) input")?.focus());
  };
  const input = (pair, line, side, label) =>
    h(Input, {
      size: "sm",
      maxW: "12rem",
      inputMode: "numeric",
      autoComplete: "off",
      placeholder: label,
      "aria-label": `${label}, line ${line + 1}`,
      value: pair[side],
      disabled: common.disabled,
      onChange: (event) => set(line, side, event.target.value),
      ...(line === 0 && side === 0
        ? {
            id: common.id,
            "aria-invalid": common["aria-invalid"],
            "aria-describedby": common["aria-describedby"],
          }
        : {}),
    });
  return h(
    Flex,
    { as: "ul", ref: list, direction: "column", gap: 2, listStyleType: "none" },
    value.map((pair, line) =>
      h(
        Flex,
        { as: "li", key: line, gap: 2, align: "center" },
        input(pair, line, 0, "Harvest client id"),
        h(Text, { as: "span", "aria-hidden": true }, "→"),
        input(pair, line, 1, "Upsales company id"),
        !common.disabled &&
          h(
            Button,
            {
              type: "button",
              size: "sm",
              variant: "ghost",
              "aria-label": `Remove line ${line + 1}`,
              onClick: () => onChange(value.toSpliced(line, 1)),
            },
            "✕",
          ),
      ),
    ),
    !value.length &&
      h(
        Text,
        { as: "li", color: "fg.muted", textStyle: "sm" },
        "No client is mapped; names and e-mail addresses decide.",
      ),
    !common.disabled &&
      h(
        "li",
        null,
        h(Button, { type: "button", size: "xs", variant: "outline", onClick: add }, "Add a client"),
      ),
  );
}
