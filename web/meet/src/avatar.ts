/** What stands for a person without a picture: initials on one of a few colours. */

/** How many colours the style sheet has (`.hue-0` and so on). */
const HUES = 6;

/** Up to two letters: "Ada Lovelace" is AL. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/^[^\p{L}\p{N}]+/u, ''))
    .filter(Boolean);
  const [first] = words;
  const last = words.length > 1 ? words.at(-1) : '';
  return (
    [first, last]
      .map((word) => [...(word ?? '')][0] ?? '')
      .join('')
      .toUpperCase() || '?'
  );
}

/** The class of a person's colour; the same for the same name. */
export function hueClass(name: string): string {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 65_521;
  return `hue-${sum % HUES}`;
}
