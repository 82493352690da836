/** Kubernetes' resource quantities (`500m`, `1.5Gi`, `2e3`): parsed exactly, compared, written canonically. */

/** Kubernetes' sentence for text that is no quantity. */
const SYNTAX_ERROR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const SYNTAX = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,2})?$/;
/** Quantities are kept to a nanounit, as in Kubernetes; smaller fractions round up. */
const NANOS_DIGITS = 9;
const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_PREFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const;
/** More digits than any quantity needs; a longer text is refused before it costs time. */
const MAX_LENGTH = 64;

type Format = 'decimal' | 'binary' | 'exponent';

interface Parsed {
  readonly nanos: bigint;
  readonly format: Format;
}

function parse(text: string): Parsed | undefined {
  const match = text.length > MAX_LENGTH ? null : SYNTAX.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  const binary = BINARY_PREFIXES.indexOf(suffix as (typeof BINARY_PREFIXES)[number]);
  const isExponent = /^[eE].*\d$/.test(suffix);
  const exponent = isExponent ? Number(suffix.slice(1)) : (DECIMAL_EXPONENTS[suffix] ?? 0);
  const factor = binary > 0 ? 1024n ** BigInt(binary) : 1n;
  const digits = BigInt(whole + fraction) * factor;
  const shift = NANOS_DIGITS + exponent - fraction.length;
  const magnitude = shift >= 0 ? digits * 10n ** BigInt(shift) : divideUp(digits, 10n ** BigInt(-shift));
  const format = binary > 0 ? 'binary' : isExponent ? 'exponent' : 'decimal';
  return { nanos: sign === '-' ? -magnitude : magnitude, format };
}

/** Rounds away from zero for positive numbers: who asks for a fraction of a unit gets the whole unit. */
function divideUp(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend > 0n && dividend % divisor !== 0n ? quotient + 1n : quotient;
}

function nanosOf(text: string): bigint {
  const parsed = parse(text);
  if (parsed === undefined)
    throw new Error(`${JSON.stringify(text)} is not a quantity; check with quantityError first`);
  return parsed.nanos;
}

/** What is wrong with a quantity's syntax, in Kubernetes' words, or undefined. */
export function quantityError(text: string): string | undefined {
  return parse(text) === undefined ? `Invalid value: ${JSON.stringify(text)}: ${SYNTAX_ERROR}` : undefined;
}

/** Negative when `left` is less, zero when both are the same amount (`1` and `1000m`), positive when more. */
export function compareQuantities(left: string, right: string): number {
  const difference = nanosOf(left) - nanosOf(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** A CPU quantity in thousandths of a processor, rounded up. Raises for text that is no quantity. */
export function cpuMillis(text: string): number {
  return Number(divideUp(nanosOf(text), 1_000_000n));
}

/** A memory quantity in bytes, rounded up. Raises for text that is no quantity. */
export function memoryBytes(text: string): number {
  return wholeNumber(text);
}

/** A count (pods), rounded up. Raises for text that is no quantity. */
export function wholeNumber(text: string): number {
  return Number(divideUp(nanosOf(text), 1_000_000_000n));
}

/** The amount as Kubernetes writes it: no fraction, the largest suffix of its family (`0.5` is `500m`, `1024Mi` is `1Gi`). */
export function canonicalQuantity(text: string): string {
  const parsed = parse(text);
  if (parsed === undefined)
    throw new Error(`${JSON.stringify(text)} is not a quantity; check with quantityError first`);
  const { nanos, format } = parsed;
  if (nanos === 0n) return '0';
  const sign = nanos < 0n ? '-' : '';
  const magnitude = nanos < 0n ? -nanos : nanos;
  return sign + (format === 'binary' ? binaryText(magnitude) : decimalText(magnitude, format));
}

function binaryText(nanos: bigint): string {
  const unit = 10n ** BigInt(NANOS_DIGITS);
  if (nanos % unit !== 0n || nanos < 1024n * unit) return decimalText(nanos, 'decimal');
  let amount = nanos / unit;
  let prefix = 0;
  while (amount % 1024n === 0n && prefix < BINARY_PREFIXES.length - 1) {
    amount /= 1024n;
    prefix++;
  }
  // Without a suffix it would be read as a decimal again, and be written otherwise.
  return prefix === 0 ? decimalText(nanos, 'decimal') : `${amount}${BINARY_PREFIXES[prefix]}`;
}

function decimalText(nanos: bigint, format: Format): string {
  let amount = nanos;
  let step = 0;
  while (amount % 1000n === 0n && step < DECIMAL_SUFFIXES.length - 1) {
    amount /= 1000n;
    step++;
  }
  const exponent = step * 3 - NANOS_DIGITS;
  if (format === 'exponent') return exponent === 0 ? `${amount}` : `${amount}e${exponent}`;
  return `${amount}${DECIMAL_SUFFIXES[step]}`;
}
