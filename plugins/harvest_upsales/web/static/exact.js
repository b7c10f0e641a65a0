/** Decimals as strings of digits: grouped, added and compared without ever becoming a float. */

const SPACE = "\u00a0";
const FORM = /^(-?)(\d+)(?:\.(\d+))?$/;

function parts(text) {
  const found = FORM.exec(text ?? "");
  if (!found) return null;
  return { sign: found[1], whole: found[2], fraction: found[3] ?? "" };
}

/** `1234567.5` as `1 234 567.50`; `digits` is the least number of decimals. Other text stays as it is. */
export function grouped(text, digits = 2) {
  const number = parts(text);
  if (!number) return text ?? "";
  const whole = number.whole.replace(/\B(?=(\d{3})+$)/g, SPACE);
  const fraction = number.fraction.padEnd(digits, "0");
  return `${number.sign && "−"}${whole}${fraction && "."}${fraction}`;
}

/** Without zeros at the end: `7.50` as `7.5`. */
export function plain(text) {
  const number = parts(String(text ?? ""));
  if (!number) return text ?? "";
  return grouped(
    `${number.sign}${number.whole}${number.fraction && `.${number.fraction.replace(/0+$/, "")}`}`.replace(
      /\.$/,
      "",
    ),
    0,
  );
}

function scaled(text, scale) {
  const number = parts(text) ?? parts("0");
  return BigInt(`${number.sign}${number.whole}${number.fraction.padEnd(scale, "0")}`);
}

const scaleOf = (texts) => Math.max(0, ...texts.map((text) => (parts(text)?.fraction ?? "").length));

/** The exact sum. */
export function sum(texts) {
  const scale = scaleOf(texts);
  const total = texts.reduce((all, text) => all + scaled(text, scale), 0n);
  const digits = String(total < 0n ? -total : total).padStart(scale + 1, "0");
  const cut = digits.length - scale;
  return `${total < 0n ? "-" : ""}${digits.slice(0, cut)}${scale ? `.${digits.slice(cut)}` : ""}`;
}

/** Negative, zero or positive, as `sort` wants it. Nothing comes before everything. */
export function compare(left, right) {
  if (!parts(left) || !parts(right)) return (parts(left) ? 1 : 0) - (parts(right) ? 1 : 0);
  const scale = scaleOf([left, right]);
  const difference = scaled(left, scale) - scaled(right, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export const isZero = (text) => !/[1-9]/.test(text ?? "");

/** Three digits or so, for labels of a chart: `412k`, `1.3M`. */
export function short(text) {
  const value = Number(text);
  for (const [unit, size] of [
    ["M", 1e6],
    ["k", 1e3],
  ]) {
    if (Math.abs(value) >= size)
      return `${(value / size).toFixed(Math.abs(value) < 10 * size ? 1 : 0)}${unit}`;
  }
  return value.toFixed(0);
}
