/**
 * The sound of the others: one audio element for each audio slot, on the chosen speaker. A browser may want a click
 * before it plays anything; then `onBlocked` is called and {@link Sound.enable} tries again.
 */
import type { SlotWithTrack } from '@iris/client';
import { make } from './dom.js';

/** Whether this browser lets a page choose the speaker. */
export const CAN_CHOOSE_SPEAKER = 'setSinkId' in HTMLMediaElement.prototype;

const TEST_TONE_MS = 600;

/** The audio elements of one participation. */
export class Sound {
  readonly #elements = new Map<string, HTMLAudioElement>();

  /** @param holder  an element of the page that shows nothing */
  constructor(
    private readonly holder: HTMLElement,
    private readonly onBlocked: () => void,
  ) {}

  /** Play every audio slot; after a rejoin the tracks are new ones. */
  update(slots: readonly SlotWithTrack[], speakerId: string): void {
    for (const { mid, kind, track } of slots) {
      if (kind !== 'audio') continue;
      const element = this.#elements.get(mid) ?? this.#create(mid, speakerId);
      const stream = element.srcObject;
      if (stream instanceof MediaStream && stream.getTracks()[0] === track) continue;
      element.srcObject = new MediaStream([track]);
      this.#play(element);
    }
  }

  /** After a click: play what was refused. */
  enable(): void {
    for (const element of this.#elements.values()) this.#play(element);
  }

  /** Use another speaker; the empty string is the system's own choice. */
  async setSpeaker(speakerId: string): Promise<void> {
    await Promise.all([...this.#elements.values()].map((e) => setSink(e, speakerId)));
  }

  dispose(): void {
    for (const element of this.#elements.values()) {
      element.srcObject = null;
      element.remove();
    }
    this.#elements.clear();
  }

  #create(mid: string, speakerId: string): HTMLAudioElement {
    const element = make('audio');
    this.#elements.set(mid, element);
    this.holder.append(element);
    if (speakerId) void setSink(element, speakerId);
    return element;
  }

  #play(element: HTMLAudioElement): void {
    element.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.onBlocked();
    });
  }
}

/** A short tone on a speaker, to hear which one it is. */
export async function playTestTone(speakerId: string): Promise<void> {
  const context = new AudioContext();
  const output = context.createMediaStreamDestination();
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  const end = context.currentTime + TEST_TONE_MS / 1000;
  gain.gain.setValueAtTime(0.2, context.currentTime);
  gain.gain.linearRampToValueAtTime(0, end);
  oscillator.frequency.value = 523;
  oscillator.connect(gain).connect(output);
  const element = make('audio');
  element.srcObject = output.stream;
  await setSink(element, speakerId);
  oscillator.onended = () => void context.close();
  await element.play();
  oscillator.start();
  oscillator.stop(end);
}

/** A speaker that is gone leaves the sound where it was. */
async function setSink(element: HTMLAudioElement, speakerId: string): Promise<void> {
  if (CAN_CHOOSE_SPEAKER) await element.setSinkId(speakerId).catch(() => undefined);
}
