/**
 * Our own microphone, camera and screen, from the lobby to the end. It owns the tracks: whoever shows or sends them
 * asks here what there is now, on every `changed`. Off means that the device is given back, so that its light goes out.
 */
import {
  DeviceError,
  Emitter,
  openCamera,
  openDevices,
  openMicrophone,
  openScreen,
} from '@iris/client';
import type { TrackKind } from '@iris/client';
import { recall, remember } from './preferences.js';

/** What {@link LocalMedia} emits. */
export interface LocalMediaEvents {
  changed: TrackKind;
  /** A device could not be had, or ended by itself. */
  problem: DeviceError;
}

/** Which of the two devices can be chosen. */
export type ChosenKind = 'microphone' | 'camera';

/** The devices of this page. */
export class LocalMedia extends Emitter<LocalMediaEvents> {
  readonly #tracks: Record<TrackKind, MediaStreamTrack | null> = {
    microphone: null,
    camera: null,
    screen: null,
  };
  #opening: Promise<void> = Promise.resolve();

  /** The track of a device that is on. */
  track(kind: TrackKind): MediaStreamTrack | null {
    return this.#tracks[kind];
  }

  /** Settled when nothing is being opened. */
  get settled(): Promise<void> {
    return this.#opening;
  }

  /** Open both, with one question of the browser; those that were off at the last visit stay off. */
  openAll(): Promise<void> {
    return this.#inTurn(async () => {
      const wanted = (kind: ChosenKind) => (recall(`${kind}-off`) ? false : recall(kind) || true);
      let opened = await openDevices({
        microphone: wanted('microphone'),
        camera: wanted('camera'),
      });
      // A device remembered from another day may be gone; any other will do.
      if (opened.errors.some((error) => error.problem === 'none')) {
        opened = await openDevices({
          microphone: opened.microphone ? false : wanted('microphone') !== false,
          camera: opened.camera ? false : wanted('camera') !== false,
        }).then((again) => ({
          microphone: opened.microphone ?? again.microphone,
          camera: opened.camera ?? again.camera,
          errors: again.errors,
        }));
      }
      this.#put('microphone', opened.microphone);
      this.#put('camera', opened.camera);
      for (const error of opened.errors) this.emit('problem', error);
    });
  }

  /** Turn a device on; a failure is emitted as `problem`. */
  open(kind: TrackKind): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#tracks[kind]) this.#put(kind, await this.#request(kind));
      if (kind !== 'screen') remember(`${kind}-off`, '');
    });
  }

  /** Turn a device off. */
  close(kind: TrackKind): void {
    this.#put(kind, null);
    if (kind !== 'screen') remember(`${kind}-off`, '1');
  }

  /** Use another device from now on, at once if the present one is on. */
  choose(kind: ChosenKind, deviceId: string): Promise<void> {
    remember(kind, deviceId);
    return this.#inTurn(async () => {
      if (!this.#tracks[kind]) return;
      // Some systems lend a device once only, so the old one is given back first.
      this.#tracks[kind]?.stop();
      this.#tracks[kind] = null;
      try {
        this.#put(kind, await this.#request(kind));
      } catch (error) {
        this.emit('changed', kind);
        throw error;
      }
    });
  }

  /** Give everything back, silently. */
  release(): void {
    for (const kind of ['microphone', 'camera', 'screen'] as const) this.#put(kind, null);
  }

  #request(kind: TrackKind): Promise<MediaStreamTrack> {
    if (kind === 'screen') return openScreen();
    const deviceId = recall(kind) || undefined;
    const open = kind === 'microphone' ? openMicrophone : openCamera;
    return open(deviceId).catch((error: unknown) => {
      const isGone = deviceId && error instanceof DeviceError && error.problem === 'none';
      if (isGone) return open();
      throw error;
    });
  }

  #put(kind: TrackKind, track: MediaStreamTrack | null): void {
    if (this.#tracks[kind] === track) return;
    this.#tracks[kind]?.stop();
    this.#tracks[kind] = track;
    track?.addEventListener('ended', () => this.#onEnded(kind, track));
    this.emit('changed', kind);
  }

  /** Unplugged, or the browser's own "stop sharing". */
  #onEnded(kind: TrackKind, track: MediaStreamTrack): void {
    if (this.#tracks[kind] !== track) return;
    this.#put(kind, null);
    if (kind !== 'screen') this.emit('problem', new DeviceError(kind, 'none'));
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    this.#opening = this.#opening.then(action).catch((error: unknown) => {
      if (error instanceof DeviceError) this.emit('problem', error);
      else console.error(error);
    });
    return this.#opening;
  }
}
