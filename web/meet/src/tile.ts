/**
 * One person or one screen: picture or initials, the name, what is muted, why a picture is missing, and the pin. For
 * tests: `data-participant`, `data-slot`, `data-state`, `data-reason`, `data-speaking`, `data-muted`, `data-marked`.
 */
import type { Verdict } from '@iris/client';
import { hueClass, initials } from './avatar.js';
import { icon, iconButton, make, setIcon, setLabel, setText } from './dom.js';
import type { Box } from './layout.js';
import type { PictureState, TileView } from './room-view.js';
import { markSentence, pictureSentence } from './sentences.js';
import { onNextFrame } from './slot-videos.js';

/** How a tile looks: an ordinary camera, our own (mirrored), or a shared screen (never cropped). */
export type TileLook = 'camera' | 'own' | 'screen';

/** What a tile shows, in words. */
export interface TileLabel {
  id: string;
  name: string;
  /** Shown instead of the name in the caption, for instance "You". */
  caption: string;
  isMuted: boolean;
  /** Why there is no picture; may be empty. */
  note: string;
  /** What is wrong with this person's connection; may be empty. */
  mark: string;
  state: PictureState;
  reason: string;
}

/** A figure. It is put into the page by its owner. */
export class Tile {
  readonly element = make('figure');
  readonly #avatar = make('div', 'avatar');
  readonly #initials = make('span', 'initials');
  readonly #note = make('p', 'note');
  readonly #name = make('span', 'name');
  readonly #muted = icon('mic-off');
  readonly #mark = icon('weak');
  readonly #caption = make('figcaption', '', this.#muted, this.#name, this.#mark);
  readonly #pin: HTMLButtonElement | null;
  #video: HTMLVideoElement | null = null;
  #stopWaiting: () => void = () => undefined;

  /** @param onPin  called when the pin is clicked; without it there is none */
  constructor(
    readonly look: TileLook,
    onPin?: () => void,
  ) {
    this.element.className = `tile ${look}`;
    this.#avatar.setAttribute('aria-hidden', 'true');
    this.#avatar.append(this.#initials);
    this.#muted.classList.add('muted-icon');
    this.#mark.classList.add('mark-icon');
    this.element.append(this.#avatar, this.#note, this.#caption);
    this.#pin = onPin ? iconButton('pin', 'Pin', onPin) : null;
    if (this.#pin) {
      this.#pin.classList.add('pin');
      this.element.append(this.#pin);
    }
  }

  /** Show this element's pictures, from its next one on: its last may still be somebody else's. */
  showVideo(video: HTMLVideoElement | null): void {
    if (video === this.#video && (!video || video.parentElement === this.element)) return;
    this.#stopWaiting();
    this.element.classList.remove('has-frame');
    if (this.#video?.parentElement === this.element) this.#video.remove();
    this.#video = video;
    if (!video) return;
    this.element.prepend(video);
    void video.play().catch(() => undefined);
    this.#stopWaiting = onNextFrame(video, () => this.element.classList.add('has-frame'));
  }

  /** Say whose tile it is and what about the picture. */
  label(label: TileLabel): void {
    const { dataset } = this.element;
    dataset['participant'] = label.id;
    dataset['state'] = label.state;
    dataset['reason'] = label.reason;
    dataset['muted'] = String(label.isMuted);
    dataset['marked'] = String(label.mark !== '');
    setText(this.#name, label.caption);
    setText(this.#initials, initials(label.name));
    this.#initials.className = `initials ${hueClass(label.name)}`;
    setText(this.#note, label.note);
    this.#note.hidden = label.note === '';
    this.element.classList.toggle('noted', label.note !== '');
    this.#muted.classList.toggle('gone', !label.isMuted);
    this.#mark.classList.toggle('gone', label.mark === '');
    if (this.#caption.title !== label.mark) this.#caption.title = label.mark;
    const about = [label.isMuted ? 'microphone off' : '', label.mark, label.note]
      .filter(Boolean)
      .join(', ');
    const words = about ? `${label.caption}: ${about}` : label.caption;
    if (this.element.getAttribute('aria-label') !== words) {
      this.element.setAttribute('aria-label', words);
    }
  }

  /** Mark as one who speaks now, or not. */
  setSpeaking(isSpeaking: boolean): void {
    this.element.dataset['speaking'] = String(isSpeaking);
  }

  /** Which slot's video is shown. */
  setSlot(mid: string | null): void {
    this.element.dataset['slot'] = mid ?? '';
  }

  /** Show the pin as set or not. */
  setPinned(isPinned: boolean, name: string): void {
    this.element.dataset['pinned'] = String(isPinned);
    if (!this.#pin) return;
    this.#pin.setAttribute('aria-pressed', String(isPinned));
    setIcon(this.#pin, isPinned ? 'pin-off' : 'pin');
    setLabel(this.#pin, isPinned ? `Unpin ${name}` : `Pin ${name}`);
  }

  /** Put the tile there. */
  place(box: Box): void {
    const { style } = this.element;
    style.transform = `translate(${box.left}px, ${box.top}px)`;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
    this.element.classList.toggle('small', box.width < 300 || box.height < 200);
    this.element.classList.toggle('tiny', box.width < 130 || box.height < 95);
  }
}

/** The words of another person's tile. */
export function labelOf(view: TileView, look: TileLook, verdict: Verdict): TileLabel {
  const { participant } = view;
  return {
    id: participant.id,
    name: participant.name,
    caption: look === 'screen' ? `${participant.name}’s screen` : participant.name,
    isMuted: look !== 'screen' && participant.audio_muted,
    note: pictureSentence(view, look === 'screen' ? 'Screen' : 'Picture'),
    mark: markSentence(verdict, participant.id),
    state: view.state,
    reason: view.reason ?? '',
  };
}
