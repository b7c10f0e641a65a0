/**
 * What Airflow's own pages are made of, under short names.
 *
 * Airflow offers React, its router and Chakra UI with its theme to plugin apps as globals. With them the page follows
 * Airflow's colours, light and dark, and needs no build step: `h` stands where JSX would be.
 */
const { React, ChakraUI, ReactRouterDOM } = globalThis;

export const h = React.createElement;
export const { memo, useCallback, useDeferredValue, useEffect, useId, useMemo, useRef, useState } = React;
const { Link: RouterLink } = ReactRouterDOM;
export const {
  Alert,
  Badge,
  Box,
  Button,
  Card,
  Flex,
  Heading,
  Input,
  Link,
  NativeSelect,
  Skeleton,
  Spinner,
  Tabs,
  Text,
  VisuallyHidden,
} = ChakraUI;

/** A message in a coloured box. `role` is what a screen reader makes of it: `alert` is read out at once. */
export function Notice({ status = "info", title, children, role = "status", ...rest }) {
  return h(
    Alert.Root,
    { status, role, ...rest },
    h(Alert.Indicator),
    h(
      Alert.Content,
      { minW: 0, overflowWrap: "anywhere" },
      title && h(Alert.Title, null, title),
      children && h(Alert.Description, { as: "div" }, children),
    ),
  );
}

/** A drop-down list of `[value, label]` pairs. */
export function Choice({ options, onChange, value, width, size = "sm", invalid, ...rest }) {
  return h(
    NativeSelect.Root,
    { size, width, invalid, disabled: rest.disabled },
    h(
      NativeSelect.Field,
      { value, onChange: (event) => onChange(event.target.value), ...rest },
      options.map(([key, label]) => h("option", { key, value: key }, label)),
    ),
    h(NativeSelect.Indicator),
  );
}

/** A link inside Airflow, without loading the page again. */
export function InLink({ to, children, ...rest }) {
  return h(Link, { asChild: true, color: "fg.info", ...rest }, h(RouterLink, { to }, children));
}

/** A titled box. */
export function Panel({ title, aside, children, ...rest }) {
  const id = useId();
  return h(
    Card.Root,
    { as: "section", "aria-labelledby": id, size: "sm", minW: 0, ...rest },
    h(
      Card.Body,
      { gap: 3, minW: 0 },
      h(
        Flex,
        { justify: "space-between", align: "baseline", gap: 3, wrap: "wrap" },
        h(Heading, { as: "h2", size: "sm", id }, title),
        aside,
      ),
      children,
    ),
  );
}
