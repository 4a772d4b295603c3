/**
 * How good the meeting is: three bars in the header, and beside them, while something is wrong, a sentence that says
 * what and what to do. It lies over nothing, stays as long as it is so, and can be put away. For tests:
 * `#quality[data-quality]`, `#hint[data-cause]`, `#hint-text`, `#hint-close`.
 */
import type { IrisClient, Verdict } from '@iris/client';
import { byId, setIcon, setLabel, setText } from './dom.js';
import { HintState } from './hint-state.js';
import { hintSentence, qualitySentence } from './sentences.js';

/** Follows the verdicts of one client. */
export class QualityHint {
  readonly #state = new HintState();
  readonly #ended = new AbortController();
  readonly #chip = byId('quality', HTMLElement);
  readonly #hint = byId('hint', HTMLElement);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onChanged  called when {@link shown} is another */
  constructor(
    private readonly client: IrisClient,
    private readonly onChanged: () => void,
  ) {
    client.on('quality', (verdict) => {
      this.#chip.hidden = false;
      this.#take(verdict);
    });
    client.on('reconnecting', () => this.#reset());
    // What changed while nobody could tell us is in the statistics; after a rejoin the server begins anew.
    client.on('reconnected', ({ how }) => how === 'resumed' && void this.#ask());
    client.on('participant_left', ({ participant }) => {
      this.#state.forget(participant.id);
      this.#settle();
    });
    byId('hint-close', HTMLElement).addEventListener('click', () => this.#putAway(), {
      signal: this.#ended.signal,
    });
    this.#reset();
  }

  /** The verdict that the page shows. */
  get shown(): Verdict {
    return this.#state.shown;
  }

  dispose(): void {
    this.#ended.abort();
    this.#reset();
  }

  #take(verdict: Verdict): void {
    this.#state.take(verdict);
    this.#settle();
  }

  #settle(): void {
    clearTimeout(this.#timer);
    const waitMs = this.#state.settle(performance.now());
    if (waitMs > 0) this.#timer = setTimeout(() => this.#settle(), waitMs);
    this.#render();
  }

  #reset(): void {
    clearTimeout(this.#timer);
    this.#state.reset();
    this.#chip.hidden = true;
    this.#render();
  }

  #putAway(): void {
    this.#state.putAway(performance.now());
    this.#render();
  }

  async #ask(): Promise<void> {
    // A server without verdicts has none in its statistics, and one that does not answer is lost again.
    const { verdict } = await this.client.stats().catch(() => ({ verdict: null }));
    if (!this.#ended.signal.aborted && verdict) this.#take(verdict as unknown as Verdict);
  }

  #render(): void {
    const { shown } = this;
    const name = this.client.participants.get(shown.evidence?.participant ?? '')?.name ?? null;
    this.#chip.dataset['quality'] = shown.quality;
    setLabel(this.#chip, qualitySentence(shown, name));
    const isTold = this.#state.isTold(performance.now());
    this.#hint.dataset['quality'] = isTold ? shown.quality : '';
    this.#hint.dataset['cause'] = isTold ? shown.cause : '';
    setIcon(this.#hint, shown.quality === 'poor' ? 'warning' : 'info');
    const close = byId('hint-close', HTMLElement);
    // The focus must not fall off the page together with the button that has it.
    if (!isTold && document.activeElement === close) byId('mic', HTMLElement).focus();
    close.hidden = !isTold;
    setText(byId('hint-text', HTMLElement), isTold ? hintSentence(shown, name) : '');
    this.onChanged();
  }
}
