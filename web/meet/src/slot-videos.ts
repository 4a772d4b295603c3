/**
 * One video element for each video slot. It plays its slot's track while the slot is still idle, so that the first
 * picture is there the moment that it arrives; a tile borrows the element while the slot is its person's.
 */
import type { SlotWithTrack } from '@iris/client';

/** Name of the performance mark set when a slot shows its first picture; its detail is the slot's mid. */
export const FIRST_FRAME_MARK = 'iris:first-frame';

/** The elements of one participation. */
export class SlotVideos {
  readonly #videos = new Map<string, HTMLVideoElement>();

  /** Have an element playing for every video slot; after a rejoin the tracks are new ones. */
  update(slots: readonly SlotWithTrack[]): void {
    for (const { mid, kind, track } of slots) {
      if (kind === 'audio') continue;
      const video = this.#videos.get(mid) ?? this.#create(mid);
      playTrack(video, track);
    }
  }

  /** The element of a slot; null for a slot that there is not. */
  get(mid: string | null): HTMLVideoElement | null {
    return (mid !== null && this.#videos.get(mid)) || null;
  }

  dispose(): void {
    for (const video of this.#videos.values()) video.srcObject = null;
    this.#videos.clear();
  }

  #create(mid: string): HTMLVideoElement {
    const video = silentVideo();
    video.dataset['mid'] = mid;
    video.addEventListener('loadeddata', () => {
      performance.mark(FIRST_FRAME_MARK, { detail: mid });
    });
    this.#videos.set(mid, video);
    return video;
  }
}

/** A video without sound: sound has elements of its own, and a muted video may start without a click. */
export function silentVideo(): HTMLVideoElement {
  const video = document.createElement('video');
  video.autoplay = true;
  video.playsInline = true;
  video.muted = true;
  video.disablePictureInPicture = true;
  return video;
}

/** Play `track`, or nothing. Giving the same track again changes nothing. */
export function playTrack(video: HTMLVideoElement, track: MediaStreamTrack | null): void {
  const current = video.srcObject;
  const playing = current instanceof MediaStream ? (current.getTracks()[0] ?? null) : null;
  if (playing === track) return;
  video.srcObject = track && new MediaStream([track]);
  if (track) void video.play().catch(() => undefined);
}

/** Call `onFrame` once, when the element shows its next picture. @returns a function that gives up waiting */
export function onNextFrame(video: HTMLVideoElement, onFrame: () => void): () => void {
  if (typeof video.requestVideoFrameCallback !== 'function') {
    onFrame();
    return () => undefined;
  }
  const handle = video.requestVideoFrameCallback(() => onFrame());
  return () => video.cancelVideoFrameCallback(handle);
}
