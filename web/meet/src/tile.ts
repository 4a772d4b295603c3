/** One picture with a name under it; while there is no picture, the person's initials. */

/** Name of the performance mark set when a tile shows its first picture; its detail is the tile's {@link Tile.key}. */
export const FIRST_FRAME_MARK = 'iris:first-frame';

/** How a tile looks: an ordinary camera, our own (mirrored), or a shared screen (never cropped). */
export type TileLook = 'camera' | 'own' | 'screen';

/** A figure with a video. It is put into the page by its owner. */
export class Tile {
  readonly element = document.createElement('figure');
  readonly #video = document.createElement('video');
  readonly #avatar = document.createElement('div');
  readonly #caption = document.createElement('figcaption');

  /** @param key  what tells this tile from others: the mid of its slot, or a participant's id */
  constructor(
    readonly key: string,
    look: TileLook,
  ) {
    this.element.className = `tile ${look}`;
    this.element.dataset['key'] = key;
    this.#video.autoplay = true;
    this.#video.playsInline = true;
    // Sound comes from audio elements; a muted video may start without a click.
    this.#video.muted = true;
    this.#video.addEventListener('loadeddata', () =>
      performance.mark(FIRST_FRAME_MARK, { detail: key }),
    );
    this.#avatar.className = 'avatar';
    this.#avatar.setAttribute('aria-hidden', 'true');
    this.element.append(this.#video, this.#avatar, this.#caption);
  }

  /** Play `track`, or nothing. Giving the same track again changes nothing. */
  setTrack(track: MediaStreamTrack | null): void {
    const current = this.#video.srcObject;
    const playing = current instanceof MediaStream ? (current.getTracks()[0] ?? null) : null;
    if (playing === track) return;
    this.#video.srcObject = track && new MediaStream([track]);
  }

  /**
   * Say whose tile it is.
   *
   * @param note      shown behind the name, for instance "muted"; may be empty
   * @param hasVideo  whether the picture is shown rather than the initials
   */
  label(name: string, note: string, hasVideo: boolean): void {
    const caption = note ? `${name} · ${note}` : name;
    if (this.#caption.textContent !== caption) this.#caption.textContent = caption;
    this.#avatar.textContent = initials(name);
    this.#video.setAttribute('aria-label', `Video of ${name}`);
    this.element.classList.toggle('has-video', hasVideo);
  }

  /** Mark as one who speaks now, or not. */
  setSpeaking(isSpeaking: boolean): void {
    this.element.classList.toggle('speaking', isSpeaking);
  }
}

/** Up to two letters: "Ada Lovelace" is AL. */
function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ''].map((w) => [...(w ?? '')][0]);
  return letters.join('').toUpperCase();
}
