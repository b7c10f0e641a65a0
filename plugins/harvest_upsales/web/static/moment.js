/** Points in time, for people. */

/** `22 Nov 2026, 18:03`, in the browser's language and time zone. */
export function when(iso) {
  const time = new Date(iso ?? "");
  return Number.isNaN(time.valueOf())
    ? ""
    : time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

const STEPS = [
  ["minute", 60],
  ["hour", 3600],
  ["day", 86400],
];

/** `5 minutes ago`; older than a month: the day. */
export function ago(iso, now = Date.now()) {
  const time = new Date(iso ?? "");
  if (Number.isNaN(time.valueOf())) return "";
  const seconds = (now - time) / 1000;
  if (seconds > 30 * 86400) return time.toLocaleDateString(undefined, { dateStyle: "medium" });
  if (seconds < 60) return "just now";
  const [unit, size] = STEPS.findLast(([, length]) => seconds >= length);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "always" }).format(
    -Math.floor(seconds / size),
    unit,
  );
}

/** `2026-03` as `Mar 2026`. */
export function monthName(month, style = "short") {
  const [year, number] = (month ?? "").split("-").map(Number);
  if (!number) return month ?? "";
  return new Date(year, number - 1, 1).toLocaleDateString(undefined, { month: style, year: "numeric" });
}
