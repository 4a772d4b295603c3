/** A matrix, drawn: a heading per column and row, a cell with whom, numbers and trouble. */
import { make, setChildren, setText } from '../../meet/src/dom.js';
import { type Cell, type Matrix, type MatrixRow } from './matrix.js';
import { Rows } from './rows.js';
import { QUALITY_MARK } from './verdicts.js';

export class MatrixTable {
  #head: HTMLTableRowElement;
  #rows: Rows<MatrixRow>;

  /** @param corner heading of the column of names */
  constructor(
    readonly table: HTMLTableElement,
    readonly corner: string,
  ) {
    const head = table.tHead?.rows[0];
    const [body] = table.tBodies;
    if (!head || !body) throw new Error(`index.html: #${table.id} has no head or no body`);
    this.#head = head;
    this.#rows = new Rows(body, {
      key: ({ id }) => id,
      make: ({ id, name }) => {
        const heading = make('th', 'wide', name);
        heading.scope = 'row';
        const row = make('tr', '', heading);
        row.dataset['participant'] = id;
        return row;
      },
      fill: fillRow,
    });
  }

  draw(matrix: Matrix): void {
    const titles = [this.corner, ...matrix.columns.map(({ title }) => title)];
    while (this.#head.cells.length > titles.length) this.#head.lastElementChild?.remove();
    titles.forEach((title, index) => {
      let heading = this.#head.cells[index];
      if (!heading) {
        heading = make('th', index === 0 ? 'wide' : '');
        heading.scope = 'col';
        this.#head.append(heading);
      }
      setText(heading, title);
    });
    this.#rows.update(matrix.rows);
  }

  isHeld(): boolean {
    return this.#rows.isHeld();
  }
}

function fillRow(row: HTMLTableRowElement, { cells }: MatrixRow): void {
  while (row.cells.length > cells.length + 1) row.lastElementChild?.remove();
  cells.forEach((cell, index) => fillCell(row.cells[index + 1] ?? newCell(row), cell));
}

function newCell(row: HTMLTableRowElement): HTMLTableCellElement {
  const cell = make('td', '', make('b'), make('span', 'trouble'));
  row.append(cell);
  return cell;
}

function fillCell(
  element: HTMLTableCellElement,
  { title, details, state, quality, trouble }: Cell,
): void {
  element.dataset['state'] = state;
  element.dataset['quality'] = quality;
  const [name] = element.children;
  const last = element.lastElementChild;
  const lines = [...element.querySelectorAll('.detail')];
  while (lines.length < details.length) lines.push(make('span', 'detail'));
  lines.length = details.length;
  details.forEach((detail, index) => {
    const line = lines[index];
    if (line) setText(line, detail);
  });
  if (!name || !last) return;
  setText(name, title);
  setText(last, trouble === '' ? '' : `${QUALITY_MARK[quality]} ${quality}: ${trouble}`);
  setChildren(element, [name, ...lines, last]);
}
