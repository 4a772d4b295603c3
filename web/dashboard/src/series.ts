/** Numbers of the last minutes (pure): what charts draw and what is said in their place. */

/** How far back charts reach [s]. */
export const WINDOW_S = 300;

/** So long without a value, and a line has a hole rather than a guess [s]. */
const GAP_S = 10;

/** Several lines on one time axis. A null is a hole in a line. */
export interface Lines {
  /** [s since 1970], ascending. */
  readonly times: readonly number[];
  readonly lines: readonly (readonly (number | null)[])[];
}

/** {@link Lines} that grow, and forget what is older than the window. */
export class Series implements Lines {
  readonly times: number[] = [];
  readonly lines: (number | null)[][];

  constructor(lineCount: number) {
    this.lines = Array.from({ length: lineCount }, () => []);
  }

  /** The values of one moment; what is older than the window goes. A moment not after the last one is left out. */
  add(atS: number, values: readonly (number | null | undefined)[]): void {
    const last = this.times.at(-1);
    if (last !== undefined && atS <= last) return;
    if (last !== undefined && atS - last > GAP_S) this.#push(last + 1, []);
    this.#push(atS, values);
    let old = 0;
    while ((this.times[old] ?? atS) < atS - WINDOW_S) old++;
    if (old === 0) return;
    this.times.splice(0, old);
    for (const line of this.lines) line.splice(0, old);
  }

  #push(atS: number, values: readonly (number | null | undefined)[]): void {
    this.times.push(atS);
    this.lines.forEach((line, index) => line.push(values[index] ?? null));
  }
}

/** What a line was over its window. */
export interface Range {
  now: number | null;
  least: number | null;
  most: number | null;
}

/** Now, the least and the most of a line. */
export function rangeOf(line: readonly (number | null)[]): Range {
  const known = line.filter((value): value is number => value !== null);
  return {
    now: line.at(-1) ?? null,
    least: known.length > 0 ? Math.min(...known) : null,
    most: known.length > 0 ? Math.max(...known) : null,
  };
}

/** A counter at several moments; how much it grew since. A counter that fell is that of a new process. */
export class Growth {
  #points: { atS: number; total: number }[] = [];

  /** @returns growth since the point before; null if there is none */
  add(atS: number, total: number): number | null {
    const last = this.#points.at(-1);
    if (last && total < last.total) this.#points = [];
    this.#points.push({ atS, total });
    const isOld = (point: { atS: number } | undefined) => point && point.atS < atS - WINDOW_S;
    while (isOld(this.#points[1])) this.#points.shift();
    return last && total >= last.total ? total - last.total : null;
  }

  /** How much it grew in the last `spanS` seconds, or as far back as is known; null: one point is no growth. */
  over(spanS: number): number | null {
    const last = this.#points.at(-1);
    if (!last || this.#points.length < 2) return null;
    const first = this.#points.find((point) => point.atS >= last.atS - spanS) ?? last;
    return last.total - first.total;
  }
}
