/**
 * Keeps what the client sends in step with the local devices, and answers what the buttons show. A button asks for a
 * change of a device; the sending follows from that, one change at a time for each kind.
 */
import { Emitter } from '@iris/client';
import type { IrisClient, TrackKind } from '@iris/client';
import type { LocalMedia } from './local-media.js';

/** What {@link Publisher} emits. */
export interface PublisherEvents {
  changed: TrackKind;
  problem: unknown;
}

/** The sending of one participation. */
export class Publisher extends Emitter<PublisherEvents> {
  readonly #sent: Record<TrackKind, MediaStreamTrack | null>;
  readonly #stops: (() => void)[] = [];
  #queue: Promise<void> = Promise.resolve();

  /** The client must have joined with the devices that are on now. */
  constructor(
    private readonly client: IrisClient,
    private readonly local: LocalMedia,
  ) {
    super();
    this.#sent = {
      microphone: local.track('microphone'),
      camera: local.track('camera'),
      screen: null,
    };
    this.#stops.push(
      local.on('changed', (kind) => void this.#send(kind)),
      client.on('muted', ({ kind }) => this.#onMuted(kind)),
      client.on('reconnected', () => this.emit('changed', 'microphone')),
    );
    // A device may have come or gone while the join was under way.
    for (const kind of ['microphone', 'camera'] as const) void this.#send(kind);
  }

  /** Whether something of this kind goes out now. */
  isOn(kind: TrackKind): boolean {
    if (!this.local.track(kind)) return false;
    return kind === 'screen' || !this.client.isMuted(kind);
  }

  /** Whether the token allows this kind. */
  isAllowed(kind: TrackKind): boolean {
    const name = kind === 'microphone' ? 'audio' : kind;
    return this.client.rights?.publish.includes(name) ?? true;
  }

  /** What the button of this kind does. */
  async toggle(kind: TrackKind): Promise<void> {
    if (!this.isAllowed(kind)) return;
    if (kind === 'microphone' && this.local.track('microphone')) {
      // Muted, a microphone is kept: people unmute in the middle of a word.
      return this.#change(kind, () => this.client.setMuted(kind, this.isOn(kind)));
    }
    if (this.isOn(kind)) return this.local.close(kind);
    if (kind !== 'screen') await this.#change(kind, () => this.client.setMuted(kind, false));
    await this.local.open(kind);
    await this.#queue;
  }

  dispose(): void {
    for (const stop of this.#stops) stop();
  }

  /** Muted by others means off, not hidden: camera and screen are given back, and their light goes out. */
  #onMuted(kind: TrackKind): void {
    if (kind !== 'microphone') this.local.close(kind);
    this.emit('changed', kind);
  }

  #send(kind: TrackKind): Promise<void> {
    this.emit('changed', kind);
    return this.#change(kind, async () => {
      const track = this.local.track(kind);
      if (track === this.#sent[kind] || !this.isAllowed(kind)) return;
      this.#sent[kind] = track;
      await this.client.setTrack(kind, track);
    });
  }

  #change(kind: TrackKind, action: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue
      .then(() => (this.client.state === 'closed' ? undefined : action()))
      .catch((error: unknown) => this.emit('problem', error))
      .then(() => this.emit('changed', kind));
    return this.#queue;
  }
}
