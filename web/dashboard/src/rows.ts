/**
 * The body of a table, one row for each item: rows are kept and filled anew, so that a focus, a selection and a screen
 * reader's place stay where they are while numbers change.
 */
import { setChildren } from '../../meet/src/dom.js';

export interface RowParts<T> {
  key: (item: T) => string;
  make: (item: T) => HTMLTableRowElement;
  /** Called for new rows, too. */
  fill: (row: HTMLTableRowElement, item: T) => void;
}

export class Rows<T> {
  #rows = new Map<string, HTMLTableRowElement>();

  constructor(
    readonly body: HTMLTableSectionElement,
    readonly parts: RowParts<T>,
  ) {}

  /** Show these, in this order. */
  update(items: readonly T[]): void {
    const focused = document.activeElement;
    const hadFocus = focused instanceof HTMLElement && this.body.contains(focused);
    const place = hadFocus ? this.#placeOf(focused) : 0;
    const rows = new Map<string, HTMLTableRowElement>();
    for (const item of items) {
      const key = this.parts.key(item);
      const row = this.#rows.get(key) ?? this.parts.make(item);
      this.parts.fill(row, item);
      rows.set(key, row);
    }
    this.#rows = rows;
    setChildren(this.body, [...rows.values()]);
    if (hadFocus && document.activeElement !== focused) this.#refocus(focused, place);
  }

  /** Whether somebody is in the table, with a pointer that hovers or with the focus. */
  isHeld(): boolean {
    const isHovered = matchMedia('(hover: hover)').matches && this.body.matches(':hover');
    return isHovered || this.body.contains(document.activeElement);
  }

  #placeOf(element: Element): number {
    return [...this.body.children].findIndex((row) => row.contains(element));
  }

  /** To the same element if it is still there, else to the row that came to its place. */
  #refocus(element: HTMLElement, place: number): void {
    const row = this.body.children[Math.min(place, this.body.children.length - 1)];
    const next = element.isConnected ? element : row?.querySelector<HTMLElement>('a, button');
    next?.focus({ preventScroll: true });
  }
}
