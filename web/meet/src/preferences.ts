/** What the page remembers from one visit to the next. Storage may be forbidden; then nothing is remembered. */

const KEYS = ['name', 'microphone', 'camera', 'speaker', 'microphone-off', 'camera-off'] as const;

/** What can be remembered. */
export type Preference = (typeof KEYS)[number];

/** The remembered value, or the empty string. */
export function recall(key: Preference): string {
  try {
    return localStorage.getItem(`iris.${key}`) ?? '';
  } catch {
    return '';
  }
}

/** Remember a value; the empty string forgets. */
export function remember(key: Preference, value: string): void {
  try {
    if (value) localStorage.setItem(`iris.${key}`, value);
    else localStorage.removeItem(`iris.${key}`);
  } catch {
    // Not remembered: the page works all the same.
  }
}
