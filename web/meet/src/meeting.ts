/**
 * What is seen and heard of a room: our own tile, a tile for each camera slot in use, initials for those without a
 * camera as far as there is room, the stage with the shared screen, and an audio element for each audio slot. It is
 * a function of the client's state: {@link Meeting.render} draws that state whenever something in it changed.
 */
import type { IrisClient, Participant, SlotWithTrack } from '@iris/client';
import { byId } from './dom.js';
import { Tile } from './tile.js';

/** Others on the page at once; the rest are in the list of people only. */
const MAX_OTHERS = 4;

/** How loud is speaking [-dBov]; a microphone at rest lies around 60 to 90. */
const SPEAKING_LEVEL = 50;

const PAUSED: Record<string, string> = {
  bandwidth: 'paused, slow connection',
  layout: 'paused',
  muted: 'camera off',
  source: 'not sending',
};

/** The pictures and sounds of one participation. */
export class Meeting {
  readonly #client: IrisClient;
  readonly #ownName: string;
  readonly #own: Tile;
  readonly #bySlot = new Map<string, Tile>();
  readonly #withoutVideo = new Map<string, Tile>();
  readonly #audio = new Map<string, HTMLAudioElement>();
  readonly #tiles = byId('tiles', HTMLElement);
  readonly #stage = byId('stage', HTMLElement);
  #speaking: ReadonlySet<string> = new Set();
  #camera: MediaStreamTrack | null = null;
  #isMicrophoneOff = false;

  /** @param onSilenced  called when the browser wants a click before it plays sound */
  constructor(
    client: IrisClient,
    ownName: string,
    private readonly onSilenced: () => void,
  ) {
    this.#client = client;
    this.#ownName = ownName;
    this.#own = new Tile('own', 'own');
    const render = () => this.render();
    client.on('slots', render);
    client.on('participant_joined', render);
    client.on('participant_updated', render);
    client.on('participant_left', render);
    client.on('speakers', (speakers) => {
      this.#speaking = new Set(
        speakers.filter((s) => s.level <= SPEAKING_LEVEL).map((s) => s.participant),
      );
      this.render();
    });
  }

  /** What we show of ourselves. */
  setOwn(camera: MediaStreamTrack | null, isMicrophoneOff: boolean): void {
    this.#camera = camera;
    this.#isMicrophoneOff = isMicrophoneOff;
    this.render();
  }

  /** Draw the client's state. */
  render(): void {
    const slots = this.#client.slots;
    for (const slot of slots) if (slot.kind === 'audio') this.#playAudio(slot);
    this.#renderStage(slots.find((slot) => slot.kind === 'screen'));
    this.#own.setTrack(this.#camera);
    const note = joinNotes('you', this.#isMicrophoneOff ? 'muted' : '');
    this.#own.label(this.#ownName, note, this.#camera !== null);
    const cameras = this.#renderCameras(slots.filter((slot) => slot.kind === 'camera'));
    const others = this.#renderWithoutVideo(slots, MAX_OTHERS - cameras.length);
    this.#arrange([...cameras, ...others, this.#own]);
    this.#renderPeople();
  }

  /** Try again what the browser refused before a click. */
  playAll(): void {
    for (const element of this.#audio.values()) void element.play().catch(() => undefined);
  }

  /** Take everything off the page. */
  dispose(): void {
    this.#tiles.replaceChildren();
    this.#stage.replaceChildren();
    this.#stage.hidden = true;
    for (const element of this.#audio.values()) element.remove();
    this.#own.setTrack(null);
  }

  #playAudio(slot: SlotWithTrack): void {
    if (this.#audio.has(slot.mid)) return;
    const element = document.createElement('audio');
    this.#audio.set(slot.mid, element);
    element.srcObject = new MediaStream([slot.track]);
    byId('speakers', HTMLElement).append(element);
    element.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.onSilenced();
    });
  }

  #slotTile(slot: SlotWithTrack): Tile {
    const tile = this.#bySlot.get(slot.mid) ?? new Tile(slot.mid, slot.kind as 'camera' | 'screen');
    this.#bySlot.set(slot.mid, tile);
    // Attached while idle already, so that the first frame is shown the moment it is there.
    tile.setTrack(slot.track);
    return tile;
  }

  #renderStage(slot: SlotWithTrack | undefined): void {
    const tile = slot && this.#slotTile(slot);
    const owner = this.#client.participants.get(slot?.participant ?? '');
    this.#stage.hidden = !owner || slot?.state === 'idle';
    if (!tile || !owner) return;
    const note = slot?.state === 'paused' ? (PAUSED[slot.reason ?? ''] ?? 'paused') : '';
    tile.label(`Screen of ${owner.name}`, note, slot?.state === 'live');
    if (tile.element.parentElement !== this.#stage) this.#stage.replaceChildren(tile.element);
  }

  #renderCameras(slots: SlotWithTrack[]): Tile[] {
    const shown: Tile[] = [];
    for (const slot of slots) {
      const tile = this.#slotTile(slot);
      const owner = this.#client.participants.get(slot.participant ?? '');
      if (!owner || slot.state === 'idle') continue;
      const paused = slot.state === 'paused' ? (PAUSED[slot.reason ?? ''] ?? 'paused') : '';
      tile.label(owner.name, joinNotes(mutedNote(owner), paused), slot.state === 'live');
      tile.setSpeaking(this.#speaking.has(owner.id));
      shown.push(tile);
    }
    return shown;
  }

  #renderWithoutVideo(slots: SlotWithTrack[], room: number): Tile[] {
    const seen = new Set(
      slots.filter((s) => s.kind === 'camera' && s.state !== 'idle').map((s) => s.participant),
    );
    const rest = [...this.#client.participants.values()].filter((p) => !seen.has(p.id));
    for (const id of this.#withoutVideo.keys()) {
      if (!this.#client.participants.has(id)) this.#withoutVideo.delete(id);
    }
    return rest.slice(0, Math.max(0, room)).map((participant) => {
      const tile = this.#withoutVideo.get(participant.id) ?? new Tile(participant.id, 'camera');
      this.#withoutVideo.set(participant.id, tile);
      tile.label(participant.name, mutedNote(participant), false);
      tile.setSpeaking(this.#speaking.has(participant.id));
      return tile;
    });
  }

  /** Put exactly these into the grid. Elements that stay are not moved: moving a video interrupts it. */
  #arrange(tiles: Tile[]): void {
    const wanted = tiles.map((tile) => tile.element);
    for (const child of [...this.#tiles.children]) {
      if (!wanted.includes(child as HTMLElement)) child.remove();
    }
    wanted.forEach((element, index) => {
      const current = this.#tiles.children[index];
      if (current !== element) this.#tiles.insertBefore(element, current ?? null);
    });
    this.#tiles.dataset['count'] = String(tiles.length);
  }

  #renderPeople(): void {
    const people = [...this.#client.participants.values()];
    byId('people-count', HTMLElement).textContent = String(people.length + 1);
    const items = people.map((person) => {
      const item = document.createElement('li');
      item.textContent = person.name;
      const notes = joinNotes(mutedNote(person), person.screen_sharing ? 'shares the screen' : '');
      const small = document.createElement('small');
      small.textContent = notes && ` · ${notes}`;
      item.append(small);
      return item;
    });
    const own = document.createElement('li');
    own.textContent = `${this.#ownName} (you)`;
    byId('people-list', HTMLElement).replaceChildren(own, ...items);
  }
}

function mutedNote(participant: Participant): string {
  return participant.audio_muted ? 'muted' : '';
}

function joinNotes(...notes: string[]): string {
  return notes.filter(Boolean).join(', ');
}
