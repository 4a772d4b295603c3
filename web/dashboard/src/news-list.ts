/** What happened, drawn, the latest first. */
import { make } from '../../meet/src/dom.js';
import { type News } from './news.js';
import { roomAddress } from './route.js';
import { clock } from './units.js';

const SHOWN_MAX = 50;

export class NewsList {
  #shown: News[] = [];

  /** @param isOfOneRoom the room needs not be named */
  constructor(
    readonly list: HTMLElement,
    readonly isOfOneRoom: boolean,
  ) {}

  draw(news: readonly News[]): void {
    const wanted = news.slice(0, SHOWN_MAX);
    const isSame =
      wanted.length === this.#shown.length && wanted.every((n, i) => n === this.#shown[i]);
    if (isSame && this.list.children.length > 0) return;
    this.#shown = wanted;
    if (wanted.length > 0) this.list.replaceChildren(...wanted.map((item) => this.#entry(item)));
    else this.list.replaceChildren(make('li', 'hint', 'Nothing since this page was opened.'));
  }

  #entry({ atMs, room, words, isTrouble }: News): HTMLElement {
    const entry = make('li', isTrouble ? 'trouble' : '', make('time', '', clock(atMs)));
    if (room !== null && !this.isOfOneRoom) {
      const link = make('a', '', room);
      link.href = roomAddress(room);
      entry.append(link);
    }
    entry.append(make('span', '', words));
    return entry;
  }
}
