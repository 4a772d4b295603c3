/**
 * What the caller wants to send and to be: tracks, mutes, name, layout. It outlives connections: after a rejoin all of
 * it is told again. It holds two pictures of us, what the room shall know and what the server has confirmed; their
 * difference is what is still to be said, and nothing is remembered beside that.
 */
import type { LocalTracks, TrackKind } from './peer.js';
import type {
  Json,
  Layout,
  MediaKind,
  Participant,
  ParticipantUpdate,
  Rights,
} from './protocol.js';

/** What can be muted and kept. */
export type MutableKind = 'microphone' | 'camera';

/** The wire's name of what a device sends. */
export const MEDIA_KIND: Readonly<Record<TrackKind, MediaKind>> = {
  microphone: 'audio',
  camera: 'camera',
  screen: 'screen',
};

/** Our side of the room. */
export class OwnState {
  readonly #tracks: LocalTracks = { microphone: null, camera: null, screen: null };
  readonly #muted: Record<MutableKind, boolean> = { microphone: false, camera: false };
  #profile: { name?: string; metadata?: Json } = {};
  #told: ParticipantUpdate = {};
  #layout: Layout = {};
  rights: Rights | null = null;

  /** The name for the next join. */
  get name(): string {
    return this.#profile.name ?? '';
  }

  /** The metadata for the next join, if there are any. */
  get metadata(): Json | undefined {
    return this.#profile.metadata;
  }

  /** What was asked of the layout so far. */
  get layout(): Layout {
    return this.#layout;
  }

  /** Whether the token lets us send this. */
  mayPublish(kind: TrackKind): boolean {
    return this.rights?.publish.includes(MEDIA_KIND[kind]) ?? true;
  }

  /** The caller's track, muted or not. */
  track(kind: TrackKind): MediaStreamTrack | null {
    return this.#tracks[kind];
  }

  /**
   * Take another track. A microphone follows the mute by `enabled`, so that it can be unmuted without a gap; muted it
   * carries silence.
   */
  setTrack(kind: TrackKind, track: MediaStreamTrack | null): void {
    this.#tracks[kind] = track;
    if (kind === 'microphone' && track) track.enabled = !this.#muted.microphone;
  }

  /** Mute or unmute what there is, and what comes. */
  setMuted(kind: MutableKind, muted: boolean): void {
    this.#muted[kind] = muted;
    const { microphone } = this.#tracks;
    if (kind === 'microphone' && microphone) microphone.enabled = !muted;
  }

  /** Whether nothing of this kind is sent. */
  isMuted(kind: MutableKind): boolean {
    return this.#muted[kind] || !this.#tracks[kind] || !this.mayPublish(kind);
  }

  /** What stands on the lines: a muted camera sends nothing at all rather than black pictures. */
  get lines(): LocalTracks {
    return {
      microphone: this.#tracks.microphone,
      camera: this.#muted.camera ? null : this.#tracks.camera,
      screen: this.#tracks.screen,
    };
  }

  /** Take another name or other metadata. */
  setProfile(profile: { name?: string; metadata?: Json }): void {
    this.#profile = { ...this.#profile, ...profile };
  }

  /** Add to what was asked of the layout. */
  addLayout(layout: Layout): void {
    this.#layout = { ...this.#layout, ...layout };
  }

  /** Somebody who has joined anew cannot be pinned by the old id, and the server may refuse ids that it does not know. */
  forgetPins(isKnown: (participant: string) => boolean): void {
    const pinned = this.#layout.pinned?.filter(isKnown);
    if (pinned) this.#layout = { ...this.#layout, pinned };
  }

  /** What the room has not been told yet; null if it knows everything. */
  untold(): ParticipantUpdate | null {
    const wanted: ParticipantUpdate = {
      ...this.#profile,
      audio_muted: this.isMuted('microphone'),
      camera_muted: this.isMuted('camera'),
      screen_sharing: this.#tracks.screen !== null && this.mayPublish('screen'),
    };
    const entries = Object.entries(wanted) as [keyof ParticipantUpdate, Json][];
    const missing = entries.filter(([key, value]) => !isEqual(value, this.#told[key]));
    return missing.length > 0 ? Object.fromEntries(missing) : null;
  }

  /** The server knows this now. */
  confirm(update: ParticipantUpdate): void {
    this.#told = { ...this.#told, ...update };
  }

  /** The server will not have it: it is not said again, and a refused name or metadata is not kept for a rejoin. */
  refuse(update: ParticipantUpdate): void {
    const { name, metadata, ...rest } = update;
    this.confirm(rest);
    const before = this.#told;
    if (name !== undefined && name === this.#profile.name) {
      if (before.name === undefined) delete this.#profile.name;
      else this.#profile.name = before.name;
    }
    if (metadata !== undefined && isEqual(metadata, this.#profile.metadata)) {
      if (before.metadata === undefined) delete this.#profile.metadata;
      else this.#profile.metadata = before.metadata;
    }
  }

  /** After a join the server knows what the join said, and takes everything to be sent but a screen. */
  onJoined(name: string, metadata: Json | undefined): void {
    this.#told = { name, audio_muted: false, camera_muted: false, screen_sharing: false };
    if (metadata !== undefined) this.#told.metadata = metadata;
  }

  /**
   * Take over what others did to us: a moderator, or the next sharer of a screen. Compared with what the server had confirmed and not with what we want: a
   * change of ours may be on its way, and then the notification is older than it.
   *
   * @returns the kinds that they have muted
   */
  onModerated({ audio_muted, camera_muted, screen_sharing }: Participant): TrackKind[] {
    const kinds: TrackKind[] = [];
    if (audio_muted && !this.#told.audio_muted) kinds.push('microphone');
    if (camera_muted && !this.#told.camera_muted) kinds.push('camera');
    if (!screen_sharing && this.#told.screen_sharing) kinds.push('screen');
    for (const kind of kinds) {
      if (kind === 'screen') this.setTrack('screen', null);
      else this.setMuted(kind, true);
    }
    this.confirm({ audio_muted, camera_muted, screen_sharing });
    return kinds;
  }
}

function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
