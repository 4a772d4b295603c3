/** The numbers at the top, drawn: places are fixed, so nothing moves when they change. */
import { byId, make, setText } from '../../meet/src/dom.js';
import { factsOf } from './glance.js';
import { type Store } from './store.js';
import { UNKNOWN } from './units.js';

interface Tile {
  element: HTMLElement;
  value: HTMLElement;
  note: HTMLElement;
  meter: HTMLElement;
}

const TITLES: [string, string][] = [
  ['rooms', 'Rooms'],
  ['participants', 'Participants'],
  ['sent', 'Sent'],
  ['received', 'Received'],
  ['cpu', 'Busiest worker'],
  ['drops', 'Packets dropped'],
];

export class FactsStrip {
  #tiles = new Map<string, Tile>();

  constructor() {
    for (const [id, title] of TITLES) this.#tiles.set(id, this.#makeTile(id, title));
  }

  draw(store: Store): void {
    if (!store.node) return;
    for (const fact of factsOf(store.node, store.rooms, store.workers, store.drops)) {
      const tile = this.#tiles.get(fact.id);
      if (!tile) continue;
      setText(tile.value, fact.value);
      setText(tile.note, fact.note);
      tile.element.toggleAttribute('data-bad', fact.isBad);
      tile.meter.style.setProperty('--load', String(Math.min(1, fact.load ?? 0)));
      tile.meter.classList.toggle('no-meter', fact.load === null);
    }
  }

  #makeTile(id: string, title: string): Tile {
    const value = make('dd', 'fact-value', UNKNOWN);
    const note = make('dd', 'fact-note', '\u00a0');
    const meter = make('dd', 'fact-meter no-meter');
    meter.setAttribute('aria-hidden', 'true');
    const element = make('div', 'fact', make('dt', '', title), value, note, meter);
    element.id = `fact-${id}`;
    byId('facts', HTMLElement).append(element);
    return { element, value, note, meter };
  }
}
