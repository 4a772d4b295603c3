/**
 * A minimal typed event emitter. Listeners run synchronously, in the order in which they were added; one that throws
 * is reported to the console and does not keep the others from running.
 */

/** A function that takes the value of an event. */
export type Listener<T> = (value: T) => void;

/** Emits the events named by the keys of `Events`, each with a value of the type beside it. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();

  /**
   * Listen to an event.
   *
   * @returns a function that ends the listening
   */
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(listener));
    return () => void set.delete(listener);
  }

  /** Hand `value` to every listener of `event`. */
  protected emit<K extends keyof Events>(event: K, value: Events[K]): void {
    const set = this.#listeners.get(event);
    if (!set) return;
    // A copy, because a listener may remove itself or others while it runs.
    for (const listener of [...set] as Listener<Events[K]>[]) {
      try {
        listener(value);
      } catch (error) {
        console.error(`listener of ${String(event)} failed`, error);
      }
    }
  }
}
