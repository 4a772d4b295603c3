/** What happens to the connection of a participation, as banners: loss and return, restart, rates. */
import type { IrisClient } from '@iris/client';
import { announce, hideBanner, showBanner, tell } from './banner.js';
import { Countdown, durationWords } from './countdown.js';
import { limitSentence } from './sentences.js';

/** How long a hint about a rate stays when it is not repeated [ms]. */
const LIMIT_MS = 8_000;

/** A shorter interruption of the media is not worth a banner [ms]. */
const MEDIA_GRACE_MS = 1_000;

/** Follows one client. */
export class ConnectionNotices {
  readonly #retry = new Countdown();
  readonly #drain = new Countdown();
  #limitTimer: ReturnType<typeof setTimeout> | undefined;
  #mediaTimer: ReturnType<typeof setTimeout> | undefined;
  #isReconnecting = false;

  constructor(private readonly client: IrisClient) {
    client.on('reconnecting', (event) => this.#onReconnecting(event));
    client.on('reconnected', () => this.#onReconnected());
    client.on('media', (state) => this.#onMedia(state));
    client.on('draining', ({ deadline_ms }) => this.#onDraining(deadline_ms));
    client.on('limit', ({ kind, limit_bps, measured_bps }) => {
      showBanner('limit', { text: limitSentence(kind, limit_bps, measured_bps), tone: 'info' });
      clearTimeout(this.#limitTimer);
      this.#limitTimer = setTimeout(() => hideBanner('limit'), LIMIT_MS);
    });
  }

  dispose(): void {
    this.#retry.stop();
    this.#drain.stop();
    clearTimeout(this.#limitTimer);
    clearTimeout(this.#mediaTimer);
  }

  #onReconnecting({ attempt, delayMs, lost }: { attempt: number; delayMs: number; lost: string }) {
    if (!this.#isReconnecting) announce('The connection was lost. Trying to come back.');
    this.#isReconnecting = true;
    clearTimeout(this.#mediaTimer);
    const what = lost === 'media' ? 'Audio and video are interrupted' : 'The connection was lost';
    this.#retry.start(delayMs, (seconds) => {
      const when = seconds > 0 ? `next try in ${durationWords(seconds)}` : 'trying now …';
      showBanner('connection', {
        text: `${what}. Attempt ${attempt}: ${when}`,
        tone: 'warning',
      });
    });
  }

  #onReconnected(): void {
    this.#isReconnecting = false;
    this.#retry.stop();
    this.#drain.stop();
    hideBanner('connection');
    hideBanner('draining');
    tell('You are connected again.');
  }

  /** The library looks for a new path by itself; it tells only when it gives that up. */
  #onMedia(state: RTCPeerConnectionState): void {
    clearTimeout(this.#mediaTimer);
    if (this.#isReconnecting) return;
    if (state === 'connected') return hideBanner('connection');
    if (state !== 'disconnected' && state !== 'failed') return;
    this.#mediaTimer = setTimeout(() => {
      if (this.#isReconnecting || this.client.state !== 'joined') return;
      const text = 'Audio and video are interrupted. Looking for another way …';
      showBanner('connection', { text, tone: 'warning' });
    }, MEDIA_GRACE_MS);
  }

  #onDraining(deadlineMs: number): void {
    announce('The server will be restarted. You will be brought back automatically.');
    this.#drain.start(deadlineMs, (seconds) => {
      const when = seconds > 0 ? `in ${durationWords(seconds)}` : 'now';
      const text = `The server restarts ${when}. You need not do anything: the meeting goes on after a short break.`;
      showBanner('draining', { text, tone: 'info' });
    });
  }
}
