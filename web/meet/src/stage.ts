/**
 * The pictures of a room. It is a function of the client's state: {@link Stage.render} describes that state
 * (room-view.ts), places it (layout.ts) and brings the tiles in line; it may be called as often as one likes.
 */
import type { IrisClient, Verdict } from '@iris/client';
import { byId, setChildren, setText } from './dom.js';
import { arrange, type Arrangement } from './layout.js';
import { describeRoom, type RoomView, type TileView } from './room-view.js';
import { markSentence } from './sentences.js';
import { playTrack, silentVideo, SlotVideos } from './slot-videos.js';
import { labelOf, Tile } from './tile.js';

/** What the stage shows beside what the client knows. */
export interface StageInput {
  speaking: ReadonlySet<string>;
  ownName: string;
  ownCamera: MediaStreamTrack | null;
  isOwnMuted: boolean;
  isOwnSpeaking: boolean;
  /** The one whose it is gets a mark. */
  verdict: Verdict;
}

/** The tiles of one participation. */
export class Stage {
  readonly #area = byId('tiles', HTMLElement);
  readonly #videos = new SlotVideos();
  readonly #own = new Tile('own');
  readonly #ownVideo = silentVideo();
  readonly #screen = new Tile('screen');
  readonly #people = new Map<string, Tile>();
  readonly #resizes = new ResizeObserver(() => this.#place());
  #view: RoomView = { screen: null, tiles: [], hasSpotlight: false, hidden: 0 };
  #pinned: string | null = null;

  /** @param onPinned  called with the one who is pinned now, or null */
  constructor(
    private readonly client: IrisClient,
    private readonly onPinned: (id: string | null) => void,
  ) {
    this.#resizes.observe(this.#area);
    this.#own.showVideo(this.#ownVideo);
  }

  /** Who is pinned. */
  get pinned(): string | null {
    return this.#pinned;
  }

  /** Pin someone, or unpin whoever is pinned. */
  togglePin(id: string): void {
    this.#pinned = this.#pinned === id ? null : id;
    this.onPinned(this.#pinned);
  }

  /** Bring the page in line with the client's state. */
  render(input: StageInput): void {
    const { client } = this;
    if (this.#pinned && !client.participants.has(this.#pinned)) this.#pinned = null;
    this.#videos.update(client.slots);
    this.#view = describeRoom({
      participants: client.participants,
      slots: client.slots,
      speaking: input.speaking,
      pinned: this.#pinned,
      previous: this.#view.tiles.map((tile) => tile.participant.id),
    });
    this.#renderOwn(input);
    const { verdict } = input;
    if (this.#view.screen) this.#renderTile(this.#screen, this.#view.screen, verdict);
    else this.#screen.showVideo(null);
    for (const view of this.#view.tiles) {
      this.#renderTile(this.#tileOf(view.participant.id), view, verdict);
    }
    this.#forgetGone();
    this.#renderCounts();
    this.#place();
  }

  dispose(): void {
    this.#resizes.disconnect();
    this.#videos.dispose();
    playTrack(this.#ownVideo, null);
    this.#area.replaceChildren();
  }

  #tileOf(id: string): Tile {
    const tile = this.#people.get(id) ?? new Tile('camera', () => this.togglePin(id));
    this.#people.set(id, tile);
    return tile;
  }

  #renderTile(tile: Tile, view: TileView, verdict: Verdict): void {
    tile.showVideo(this.#videos.get(view.mid));
    tile.setSlot(view.mid);
    tile.label(labelOf(view, tile.look, verdict));
    tile.setSpeaking(view.isSpeaking && tile.look !== 'screen');
    tile.setPinned(view.isPinned, view.participant.name);
  }

  #renderOwn(input: StageInput): void {
    playTrack(this.#ownVideo, input.ownCamera);
    this.#own.label({
      id: this.client.id ?? 'own',
      name: input.ownName,
      caption: 'You',
      isMuted: input.isOwnMuted,
      note: '',
      mark: markSentence(input.verdict, null),
      state: input.ownCamera ? 'live' : 'off',
      reason: '',
    });
    this.#own.setSpeaking(input.isOwnSpeaking);
  }

  #forgetGone(): void {
    const shown = new Set(this.#view.tiles.map((tile) => tile.participant.id));
    for (const [id, tile] of this.#people) {
      if (shown.has(id)) continue;
      // A video that another tile has borrowed meanwhile stays there.
      tile.showVideo(null);
      this.#people.delete(id);
    }
  }

  #renderCounts(): void {
    const { hidden } = this.#view;
    const more = byId('more-people', HTMLButtonElement);
    more.hidden = hidden === 0;
    setText(more, hidden === 1 ? '1 more person' : `${hidden} more people`);
    byId('alone', HTMLElement).hidden = this.client.participants.size > 0;
  }

  #place(): void {
    const { screen, tiles, hasSpotlight } = this.#view;
    const others = tiles.map((view) => this.#tileOf(view.participant.id));
    const main = screen ? this.#screen : hasSpotlight ? (others.shift() ?? null) : null;
    const area = { width: this.#area.clientWidth, height: this.#area.clientHeight };
    const boxes = arrange(area, { others: others.length, hasMain: main !== null });
    placeAll(boxes, main, others, this.#own);
    this.#area.dataset['layout'] = main ? 'stage' : 'grid';
    this.#area.dataset['count'] = String(others.length);
    this.#own.element.classList.toggle('floating', main === null && others.length > 0);
    const order = [...(main ? [main] : []), ...others, this.#own];
    setChildren(
      this.#area,
      order.map((tile) => tile.element),
    );
  }
}

function placeAll(boxes: Arrangement, main: Tile | null, others: Tile[], own: Tile): void {
  if (main && boxes.main) main.place(boxes.main);
  main?.element.classList.add('main');
  others.forEach((tile, index) => {
    const box = boxes.others[index];
    if (box) tile.place(box);
    tile.element.classList.remove('main');
  });
  own.place(boxes.own);
}
