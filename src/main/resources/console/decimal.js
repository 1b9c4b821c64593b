// Exact decimals. Amounts of money come as plain decimal text and are never added as floating point.

function parse(text) {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) throw new RangeError(`${text} (expected: a plain decimal)`);
  const fraction = match[3] ?? '';
  return { units: BigInt(match[1] + match[2] + fraction), scale: fraction.length };
}

const raise = (number, scale) => number.units * 10n ** BigInt(scale - number.scale);

function print(units, scale) {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  return (units < 0n ? '-' : '') + whole + (fraction ? `.${fraction}` : '');
}

/** The exact sum of decimal texts; '0' for none. */
export function sum(texts) {
  const numbers = texts.map(parse);
  const scale = Math.max(0, ...numbers.map(number => number.scale));
  return print(numbers.reduce((total, number) => total + raise(number, scale), 0n), scale);
}
