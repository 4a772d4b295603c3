/** One room, drawn: who is there and how they do, the charts of one of them, who sends what, who sees whom. */
import { byId, make, setText } from '../../meet/src/dom.js';
import { askAndDump, askAndEnd, askAndRemove } from './actions.js';
import { ApiError, type Participant, type Room, getRoom } from './api.js';
import { makeBadge, setBadge } from './badge.js';
import { MatrixTable } from './matrix-table.js';
import { matrixOf, namesOf, sendersOf, worstFirst } from './matrix.js';
import { NewsList } from './news-list.js';
import { SteadyOrder } from './order.js';
import { PersonCharts } from './person-charts.js';
import { Poller } from './poller.js';
import { RoomSeries } from './room-series.js';
import { Rows } from './rows.js';
import { type Store } from './store.js';
import { bitrate, counted, duration, milliseconds, share } from './units.js';
import { verdictWords } from './verdicts.js';

const ASK_EVERY_MS = 1000;

type State = 'loading' | 'gone' | 'error' | 'ready';

const PANELS: Record<State, string> = {
  loading: 'room-loading',
  gone: 'room-gone',
  error: 'room-error',
  ready: 'room-body',
};

function personTexts({ uplink, downlink }: Participant): string[] {
  return [
    bitrate(uplink.bitrate_bps),
    bitrate(downlink.bitrate_bps),
    bitrate(downlink.estimate_bps),
    share(downlink.loss),
    milliseconds(downlink.rtt_us),
  ];
}

export class RoomView {
  /** The room that is looked at; null: none. */
  #name: string | null = null;
  #room: Room | null = null;
  #state: State = 'loading';
  #poller: Poller<Room> | null = null;
  #series = new RoomSeries();
  #chosen: string | null = null;
  #steady = new SteadyOrder<Participant>(({ id }) => id);
  #charts = new PersonCharts();
  #senders = new MatrixTable(byId('senders', HTMLTableElement), 'Sender');
  #slots = new MatrixTable(byId('slots', HTMLTableElement), 'Receiver');
  #news = new NewsList(byId('room-news', HTMLElement), true);
  #people: Rows<Participant>;

  /** @param onChange there is something new: draw */
  constructor(
    readonly store: Store,
    readonly onChange: () => void,
  ) {
    const [body] = byId('people', HTMLTableElement).tBodies;
    if (!body) throw new Error('index.html: #people has no body');
    this.#people = new Rows(body, {
      key: ({ id }) => id,
      make: (participant) => this.#makePerson(participant),
      fill: (row, participant) => this.#fillPerson(row, participant),
    });
    byId('end-room', HTMLElement).addEventListener('click', () => void this.#end());
    byId('dump-room', HTMLElement).addEventListener('click', () => void this.#dump());
  }

  /** Look at a room from now on; null: at none. What is known of another one is forgotten. */
  show(name: string | null): void {
    if (name === this.#name) return;
    this.#poller?.stop();
    this.#poller = null;
    this.#name = name;
    this.#room = null;
    this.#chosen = null;
    this.#state = 'loading';
    this.#series = new RoomSeries();
    this.#steady.renew();
    if (name === null) return;
    setText(byId('room-title', HTMLElement), name);
    this.#poller = new Poller({
      everyMs: ASK_EVERY_MS,
      ask: () => getRoom(name),
      onAnswer: (room) => this.#onRoom(room),
      onError: (error) => this.#onError(error),
    });
  }

  /** Whether the server is asked; it is not while it is known to be away. */
  setLive(isLive: boolean): void {
    if (isLive) this.#poller?.start();
    else this.#poller?.stop();
  }

  draw(nowMs: number): void {
    for (const [state, id] of Object.entries(PANELS)) {
      byId(id, HTMLElement).hidden = state !== this.#state;
    }
    byId('room-view', HTMLElement).dataset['state'] = this.#state;
    this.#news.draw(this.store.news.filter(({ room }) => room === this.#name));
    const canAct = this.#state === 'ready' && this.store.connection.phase === 'live';
    byId('end-room', HTMLButtonElement).disabled = !canAct;
    byId('dump-room', HTMLButtonElement).disabled = !canAct;
    setText(byId('room-about', HTMLElement), this.#about());
    if (this.#room && this.#state === 'ready') this.#drawRoom(this.#room, nowMs);
  }

  #about(): string {
    const room = this.#room;
    if (!room || this.#state !== 'ready') return '\u00a0';
    return [
      counted(room.participants.length, 'participant'),
      `open for ${duration(room.age_s)}`,
      `from them ${bitrate(room.up_bps)}`,
      `to them ${bitrate(room.down_bps)}`,
      `worker ${room.worker}`,
    ].join(', ');
  }

  #drawRoom(room: Room, nowMs: number): void {
    const isHeld = this.#people.isHeld() || this.#senders.isHeld() || this.#slots.isHeld();
    const participants = this.#steady.arrange(worstFirst(room.participants), nowMs, isHeld);
    const shown = { ...room, participants };
    if (!participants.some(({ id }) => id === this.#chosen)) {
      this.#chosen = participants[0]?.id ?? null;
    }
    this.#people.update(participants);
    this.#senders.draw(sendersOf(shown));
    this.#slots.draw(matrixOf(shown));
    const chosen = participants.find(({ id }) => id === this.#chosen);
    if (chosen) this.#charts.draw(chosen.name, this.#series.of(chosen.id));
  }

  #onRoom(room: Room): void {
    this.#room = room;
    this.#state = 'ready';
    this.store.onRoom(room);
    this.#series.add(room, Date.now());
    this.onChange();
  }

  #onError(error: unknown): void {
    this.#state = error instanceof ApiError && error.status === 404 ? 'gone' : 'error';
    const words = error instanceof Error ? error.message : String(error);
    setText(byId('room-error-text', HTMLElement), words);
    this.onChange();
  }

  async #end(): Promise<void> {
    if (!this.#room) return;
    const { room, participants } = this.#room;
    if (await askAndEnd(room, participants.length)) this.#poller?.askNow();
  }

  async #dump(): Promise<void> {
    if (this.#room) await askAndDump(this.#room.room, this.#room.participants);
  }

  async #remove({ id, name }: Participant): Promise<void> {
    if (this.#name === null) return;
    if (await askAndRemove(this.#name, id, name)) this.#poller?.askNow();
  }

  #makePerson(participant: Participant): HTMLTableRowElement {
    const { id, name } = participant;
    const choose = make('button', 'name-button', name);
    choose.type = 'button';
    choose.title = `Show the charts of ${name}`;
    choose.addEventListener('click', () => {
      this.#chosen = id;
      this.onChange();
    });
    const heading = make('th', 'wide', choose, make('span', 'away'));
    heading.scope = 'row';
    const remove = make('button', 'small-button danger-button', 'Remove …');
    remove.type = 'button';
    remove.setAttribute('aria-label', `Remove ${name} …`);
    remove.addEventListener('click', () => void this.#remove(participant));
    const numbers = personTexts(participant).map(() => make('td', 'number'));
    const badge = make('td', '', makeBadge());
    const row = make(
      'tr',
      '',
      heading,
      badge,
      make('td', 'why'),
      ...numbers,
      make('td', '', remove),
    );
    row.dataset['participant'] = id;
    return row;
  }

  #fillPerson(row: HTMLTableRowElement, participant: Participant): void {
    const [choose, away] = row.cells[0]?.children ?? [];
    choose?.setAttribute('aria-pressed', String(participant.id === this.#chosen));
    if (away) setText(away, participant.connected ? '' : 'no connection, may come back');
    const badge = row.cells[1]?.firstElementChild;
    if (badge instanceof HTMLElement) setBadge(badge, participant.verdict.quality);
    const nameOf = this.#room ? namesOf(this.#room) : undefined;
    const texts = [verdictWords(participant.verdict, nameOf), ...personTexts(participant)];
    texts.forEach((text, index) => {
      const cell = row.cells[index + 2];
      if (cell) setText(cell, text);
    });
    const remove = row.querySelector<HTMLButtonElement>('.danger-button');
    if (remove) remove.disabled = this.store.connection.phase !== 'live';
  }
}
