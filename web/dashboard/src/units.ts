/** Numbers in words, with their units. What is not known is a dash. No clock, no locale: the same everywhere. */

export const UNKNOWN = '–';
const NARROW_SPACE = '\u202f'; // narrow, and does not break

/** Three digits that count: 0.42, 4.2, 42, 420. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95 || size === 0) return value.toFixed(0);
  return value.toFixed(size >= 9.995 ? 1 : 2);
}

function withUnit(value: string, unit: string): string {
  return `${value}${NARROW_SPACE}${unit}`;
}

/** [bit/s] as kbit/s, Mbit/s or Gbit/s. */
export function bitrate(bps: number | null | undefined): string {
  if (bps === null || bps === undefined) return UNKNOWN;
  if (bps < 999_500) return withUnit((bps / 1e3).toFixed(0), 'kbit/s');
  if (bps < 999_500_000) return withUnit(digits(bps / 1e6), 'Mbit/s');
  return withUnit(digits(bps / 1e9), 'Gbit/s');
}

/** A share of 0 to 1 as %. */
export function share(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  const percent = value * 100;
  if (percent === 0) return withUnit('0', '%');
  if (percent < 0.1) return withUnit('< 0.1', '%');
  return withUnit(percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0), '%');
}

/** [us] as ms. */
export function milliseconds(us: number | null | undefined): string {
  if (us === null || us === undefined) return UNKNOWN;
  const ms = us / 1000;
  if (us > 0 && ms < 0.05) return withUnit('< 0.1', 'ms');
  return withUnit(ms < 9.95 ? ms.toFixed(1) : ms.toFixed(0), 'ms');
}

/** A whole number, thousands apart: 12 345. */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
}

/** "1 room", "2 rooms". */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Frames a second. */
export function frameRate(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : withUnit(value.toFixed(0), 'fps');
}

/** [s] as its two largest units: 45 s, 3 min 20 s, 2 h 5 min, 4 d 3 h. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const whole = Math.max(0, Math.floor(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return withUnit('0', 's');
  return parts
    .slice(first, first + 2)
    .filter(([value], index) => index === 0 || value > 0)
    .map(([value, unit]) => withUnit(String(value), unit))
    .join(' ');
}

/** A number of the server with its unit, as in an evidence. */
export function quantity(value: number, unit: string): string {
  switch (unit) {
    case 'bit/s':
      return bitrate(value);
    case 'us':
      return milliseconds(value);
    case 'ms':
      return milliseconds(value * 1000);
    case '0-1':
      return share(value);
    case '':
      return Number.isInteger(value) ? count(value) : digits(value);
    default:
      return withUnit(Number.isInteger(value) ? count(value) : digits(value), unit);
  }
}

/** Time of day of a moment [ms since 1970], as the clock of the machine shows it: 14:03:09. */
export function clock(atMs: number): string {
  const date = new Date(atMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
