/** Whether we speak ourselves: for the ring around our own picture, and for the hint to those who speak while muted. */
import { announce, hideBanner, showBanner } from './banner.js';
import { LevelMeter, SPEECH } from './level.js';
import type { LocalMedia } from './local-media.js';
import type { Publisher } from './publisher.js';
import { HOLD_MS } from './speakers.js';

const POLL_MS = 150;

/** How long one must speak while muted before the hint [ms], and how long it stays. */
const HINT_AFTER_MS = 1_200;
const HINT_MS = 6_000;

/** Listens to our own microphone until disposed of. */
export class OwnVoice {
  readonly #meter = new LevelMeter();
  readonly #timer = setInterval(() => this.#tick(), POLL_MS);
  #lastHeardMs = -Infinity;
  #mutedSpeechMs = 0;
  #hintedAtMs = -Infinity;
  #isSpeaking = false;

  constructor(
    private readonly local: LocalMedia,
    private readonly publisher: Publisher,
    private readonly onChange: () => void,
  ) {}

  /** Whether something is heard, muted or not. */
  get isSpeaking(): boolean {
    return this.#isSpeaking;
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#meter.dispose();
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#meter.listen(this.local.track('microphone'));
    const isLoud = this.#meter.read() >= SPEECH;
    if (isLoud) this.#lastHeardMs = nowMs;
    const isSpeaking = nowMs - this.#lastHeardMs < HOLD_MS;
    if (isSpeaking !== this.#isSpeaking) {
      this.#isSpeaking = isSpeaking;
      this.onChange();
    }
    this.#hint(isLoud, nowMs);
  }

  #hint(isLoud: boolean, nowMs: number): void {
    const isMuted = !this.publisher.isOn('microphone');
    this.#mutedSpeechMs = isMuted
      ? Math.max(0, this.#mutedSpeechMs + (isLoud ? POLL_MS : -POLL_MS))
      : 0;
    const isDue = this.#mutedSpeechMs >= HINT_AFTER_MS && nowMs - this.#hintedAtMs > 10 * HINT_MS;
    if (isDue) {
      this.#hintedAtMs = nowMs;
      const text = 'You are speaking, but your microphone is muted. Unmute to be heard (M).';
      announce(text);
      showBanner('speech', { text, tone: 'info' });
    }
    if (!isMuted || nowMs - this.#hintedAtMs > HINT_MS) hideBanner('speech');
  }
}
