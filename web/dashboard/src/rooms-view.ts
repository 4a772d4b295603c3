/** The list of rooms, drawn. All rows are in the page: 500 of them cost little, and searching in the page finds them. */
import { byId, make, setText } from '../../meet/src/dom.js';
import { type RoomSummary } from './api.js';
import { makeBadge, setBadge } from './badge.js';
import { SteadyOrder } from './order.js';
import {
  type Order,
  type RoomKey,
  WORST_FIRST,
  nextOrder,
  searchRooms,
  sortRooms,
} from './rooms.js';
import { roomAddress } from './route.js';
import { Rows } from './rows.js';
import { type Store } from './store.js';
import { UNKNOWN, bitrate, count, counted, duration } from './units.js';

type State = 'loading' | 'empty' | 'unfound' | 'ready';

const PANELS: Record<State, string> = {
  loading: 'rooms-loading',
  empty: 'rooms-empty',
  unfound: 'rooms-unfound',
  ready: 'rooms-frame',
};

/** "3 cameras, 1 screen" in short; what is not sent is not named. */
function pictures({ cameras, screens }: RoomSummary): string {
  if (cameras === null) return UNKNOWN;
  return screens ? `${count(cameras)} + ${counted(screens, 'screen')}` : count(cameras);
}

export class RoomsView {
  #order: Order<RoomKey> = WORST_FIRST;
  #steady = new SteadyOrder<RoomSummary>(({ room }) => room);
  #search = byId('search', HTMLInputElement);
  #troubled = byId('troubled', HTMLInputElement);
  #rows: Rows<RoomSummary>;

  /** @param onChange another order or search is wanted: draw anew */
  constructor(readonly onChange: () => void) {
    const table = byId('rooms', HTMLTableElement);
    const [body] = table.tBodies;
    if (!body) throw new Error('index.html: #rooms has no body');
    this.#rows = new Rows(body, {
      key: ({ room }) => room,
      make: (room) => this.#makeRow(room),
      fill: (row, room) => this.#fillRow(row, room),
    });
    for (const heading of table.querySelectorAll<HTMLElement>('th[data-key]')) {
      const key = heading.dataset['key'] as RoomKey;
      heading.querySelector('button')?.addEventListener('click', () => {
        this.#order = nextOrder(this.#order, key);
        this.#renew();
      });
    }
    this.#listen();
  }

  draw(store: Store, nowMs: number): void {
    const { rooms } = store;
    const found = searchRooms(rooms ?? [], this.#search.value, this.#troubled.checked);
    const isHeld = this.#rows.isHeld();
    const sorted = sortRooms(found, this.#order);
    this.#rows.update(this.#steady.arrange(sorted, nowMs, isHeld));
    this.#showState(rooms, found.length);
    this.#showOrder(isHeld);
  }

  #listen(): void {
    this.#search.addEventListener('input', () => this.#renew());
    this.#troubled.addEventListener('change', () => this.#renew());
    byId('rooms-form', HTMLFormElement).addEventListener('submit', (event) =>
      event.preventDefault(),
    );
    byId('search-clear', HTMLElement).addEventListener('click', () => {
      this.#search.value = '';
      this.#troubled.checked = false;
      this.#search.focus();
      this.#renew();
    });
  }

  #renew(): void {
    this.#steady.renew();
    this.onChange();
  }

  #showState(rooms: readonly RoomSummary[] | null, found: number): void {
    const state: State =
      rooms === null ? 'loading' : rooms.length === 0 ? 'empty' : found === 0 ? 'unfound' : 'ready';
    byId('rooms-view', HTMLElement).dataset['state'] = state;
    for (const [name, id] of Object.entries(PANELS)) byId(id, HTMLElement).hidden = name !== state;
    const total = rooms?.length ?? 0;
    const text =
      found === total ? counted(total, 'room') : `${count(found)} of ${counted(total, 'room')}`;
    setText(byId('rooms-count', HTMLElement), rooms === null ? '' : text);
    if (state !== 'unfound') return;
    const what = this.#search.value.trim();
    const words = [
      what ? `No open room has “${what}” in its name` : 'No room is fair or poor',
      what && this.#troubled.checked ? ' and is fair or poor' : '',
    ];
    setText(byId('rooms-unfound-text', HTMLElement), `${words.join('')}.`);
  }

  #showOrder(isHeld: boolean): void {
    for (const heading of document.querySelectorAll<HTMLElement>('#rooms th[data-key]')) {
      const isSorted = heading.dataset['key'] === this.#order.key;
      const direction = this.#order.isDescending ? 'descending' : 'ascending';
      if (isSorted) heading.setAttribute('aria-sort', direction);
      else heading.removeAttribute('aria-sort');
    }
    setText(
      byId('order-note', HTMLElement),
      isHeld ? 'The order is held while you are in the list.' : '\u00a0',
    );
  }

  #makeRow({ room }: RoomSummary): HTMLTableRowElement {
    const link = make('a', '', room);
    link.href = roomAddress(room);
    const heading = make('th', 'wide', link);
    heading.scope = 'row';
    const cells = [
      '',
      'number',
      'number extra',
      'number extra',
      'number',
      'number extra',
      'number extra',
    ];
    const row = make('tr', '', heading, ...cells.map((name) => make('td', name)));
    row.cells[1]?.append(makeBadge());
    row.dataset['room'] = room;
    return row;
  }

  #fillRow(row: HTMLTableRowElement, room: RoomSummary): void {
    const badge = row.cells[1]?.firstElementChild;
    const troubled =
      room.quality === 'poor' ? room.poor : room.quality === 'fair' ? room.fair : null;
    if (badge instanceof HTMLElement) setBadge(badge, room.quality, troubled);
    const texts = [
      count(room.participants),
      pictures(room),
      bitrate(room.up_bps),
      bitrate(room.down_bps),
      duration(room.age_s),
      count(room.worker),
    ];
    texts.forEach((text, index) => {
      const cell = row.cells[index + 2];
      if (cell) setText(cell, text);
    });
  }
}
