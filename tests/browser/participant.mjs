/** One page in the room: what the test does with it, and what it reads from it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { look } from './look.mjs';
import { snapshot } from './snapshot.mjs';

/** @typedef {import('./snapshot.mjs').Snapshot} Snapshot */
/** @typedef {import('./look.mjs').Look} Look */

const POLL_MS = 100;

export class Participant {
  /**
   * @param {string} name  shown to the others
   * @param {import('./browsers.mjs').BrowserName} browser
   * @param {import('./browsers.mjs').Page} page
   */
  constructor(name, browser, page) {
    this.name = name;
    this.browser = browser;
    this.page = page;
  }

  /**
   * Load the page with the form filled in.
   *
   * @param {string} url
   * @param {string} room
   * @param {string} [token]
   */
  async open(url, room, token) {
    const query = `?room=${room}&name=${encodeURIComponent(this.name)}`;
    await this.page.goto(`${url}${query}${token ? `#token=${token}` : ''}`);
  }

  /** Submit the form and wait until the server has answered. */
  async join() {
    await this.page.click('#join');
    const { view, problem, joinStatus } = await this.until(
      (page) => page.view === 'meeting' || page.problem !== '',
      15_000,
    );
    if (view !== 'meeting') {
      throw new Error(`${this.name} could not join; the page says: "${problem}" "${joinStatus}"`);
    }
  }

  /** @returns {Promise<Snapshot>} */
  snapshot() {
    return this.page.evaluate(snapshot);
  }

  /** @returns {Promise<Look>}  what a person sees */
  look() {
    return this.page.evaluate(look);
  }

  /**
   * Look until it is as wanted or the time is up.
   *
   * @param {(look: Look) => boolean} isGood
   * @param {number} [timeoutMs]
   * @returns {Promise<Look>}  the last look
   */
  until(isGood, timeoutMs = 5_000) {
    return this.waitFor(look, isGood, timeoutMs);
  }

  /**
   * Ask the page until the answer is good or the time is up.
   *
   * @template T
   * @param {() => T} question  evaluated in the page
   * @param {(answer: Awaited<T>) => boolean} isGood
   * @param {number} timeoutMs
   * @returns {Promise<Awaited<T>>}  the last answer
   */
  async waitFor(question, isGood, timeoutMs) {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const answer = await this.page.evaluate(question);
      if (isGood(answer) || Date.now() > deadline) return answer;
      await sleep(POLL_MS);
    }
  }

  /** Write down from now on who is said to have left; {@link departures} reads it. */
  async watchDepartures() {
    await this.page.evaluate(() => {
      /** @type {any} */ (window).departures = [];
      window.iris?.on('participant_left', ({ participant, reason }) =>
        /** @type {any} */ (window).departures.push(`${participant.name}: ${reason}`),
      );
    });
  }

  /** @returns {Promise<string[]>} */
  departures() {
    return this.page.evaluate(() => /** @type {any} */ (window).departures);
  }
}
