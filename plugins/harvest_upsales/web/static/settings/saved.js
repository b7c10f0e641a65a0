/** What is saved already, where it is not what the form can show: nothing, no settings at all, names nobody knows. */
import { Box, Button, Flex, Notice, Text, h } from "../ui.js";

/** Why no run would accept what is saved, or why it can't be changed here. */
export function Problem({ settings }) {
  if (!settings.problem) return null;
  if (!settings.can_edit) {
    return h(Notice, { status: "info", title: "The settings can't be changed here" }, settings.problem);
  }
  if (settings.raw !== null) {
    return h(
      Notice,
      { status: "error", role: "alert", title: "What is saved can't be read" },
      h(Text, { mb: 2 }, settings.problem),
      h(
        Text,
        { mb: 2 },
        `The fields below are empty, but the Variable ${settings.variable} is not. This is its text; correct it under Admin → Variables, or enter the settings again here.`,
      ),
      h(
        Box,
        {
          as: "pre",
          "data-raw": true,
          tabIndex: 0,
          maxH: "12rem",
          overflow: "auto",
          whiteSpace: "pre-wrap",
          textStyle: "xs",
        },
        settings.raw,
      ),
    );
  }
  if (!settings.exists) {
    const text = "Fill in the required ones, look at what would change, and save.";
    return h(Notice, { status: "info", title: "Nothing is saved yet" }, text);
  }
  return h(Notice, { status: "warning", title: "No run would accept these settings" }, settings.problem);
}

/** A line with a button for each name that nobody knows: no run accepts it, and no field shows it. */
export function Unknown({ keys, onRemove }) {
  if (!keys.length) return null;
  return h(
    Notice,
    { status: "warning", title: "Saved names that no setting has", "data-unknown": true },
    h(Text, { mb: 2 }, "No run accepts them: they are misspelt, or of another version. Saving leaves them out."),
    h(
      Flex,
      { as: "ul", direction: "column", gap: 2, listStyleType: "none" },
      keys.map((key) =>
        h(
          Flex,
          { as: "li", key, gap: 3, align: "center" },
          h("code", null, key),
          onRemove &&
            h(
              Button,
              {
                type: "button",
                size: "xs",
                variant: "outline",
                "aria-label": `Remove ${key}`,
                onClick: () => onRemove(key),
              },
              "Remove",
            ),
        ),
      ),
    ),
  );
}

/** What was loaded here is not what is saved now. */
export function Stale({ onReload }) {
  return h(
    Notice,
    { status: "error", role: "alert", title: "Somebody else saved meanwhile" },
    h(
      Text,
      { mb: 2 },
      "Nothing was saved, so that their change stays. Load the settings again, and re-enter yours.",
    ),
    h(Button, { type: "button", size: "sm", onClick: onReload }, "Load again"),
  );
}

/** Asked before a text that nobody could read is replaced. */
export function Replace({ variable, onReplace, onKeep, busy }) {
  return h(
    Notice,
    { status: "warning", role: "alert", title: "This replaces what is saved" },
    h(
      Text,
      { mb: 2 },
      `The text of the Variable ${variable} could not be read. Saving replaces all of it; only what is in the form is kept.`,
    ),
    h(
      Flex,
      { gap: 2, wrap: "wrap" },
      h(
        Button,
        { type: "button", size: "sm", variant: "outline", onClick: onReplace, disabled: busy },
        "Replace it",
      ),
      h(Button, { type: "button", size: "sm", onClick: onKeep, disabled: busy }, "Leave it as it is"),
    ),
  );
}
