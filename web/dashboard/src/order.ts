/**
 * An order that stands still (pure): a list that is sorted by numbers of each second would move under the pointer. It is
 * sorted anew every few seconds, and not at all while it is held; what is new meanwhile comes last.
 */

const SORT_EVERY_MS = 5000;

export class SteadyOrder<T> {
  #keys: string[] = [];
  #sortedAtMs = -Infinity;

  constructor(readonly keyOf: (item: T) => string) {}

  /** Sort at the next chance, though it was sorted just now: somebody wants another order. */
  renew(): void {
    this.#sortedAtMs = -Infinity;
  }

  /** @param sorted as it should be @param isHeld somebody is in the list @returns as it is to be shown */
  arrange(sorted: readonly T[], nowMs: number, isHeld: boolean): T[] {
    const isWanted = this.#sortedAtMs === -Infinity;
    const isDue = nowMs - this.#sortedAtMs >= SORT_EVERY_MS;
    const isSorting = isWanted || (isDue && !isHeld);
    const shown = isSorting ? [...sorted] : this.#asBefore(sorted);
    if (isSorting) this.#sortedAtMs = nowMs;
    this.#keys = shown.map(this.keyOf);
    return shown;
  }

  #asBefore(sorted: readonly T[]): T[] {
    const places = new Map(this.#keys.map((key, index) => [key, index]));
    const placeOf = (item: T) => places.get(this.keyOf(item)) ?? this.#keys.length;
    return [...sorted].sort((a, b) => placeOf(a) - placeOf(b));
  }
}
