/** One page in the room: what the test does with it, and what it reads from it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { snapshot } from './snapshot.mjs';

/** @typedef {import('./snapshot.mjs').Snapshot} Snapshot */

export class Participant {
  /**
   * @param {string} name  shown to the others
   * @param {'chromium' | 'firefox'} browser
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
   */
  async open(url, room) {
    await this.page.goto(`${url}?room=${room}&name=${encodeURIComponent(this.name)}`);
  }

  /** Submit the form and wait until the server has answered. */
  async join() {
    await this.page.click('#join');
    const { view, problem, status } = await this.waitFor(
      () => ({
        view: document.body.dataset['view'],
        problem: document.querySelector('#problem')?.textContent ?? '',
        status: document.querySelector('#status')?.textContent ?? '',
      }),
      (page) => page.view === 'meeting' || page.problem !== '',
      15_000,
    );
    if (view !== 'meeting') {
      throw new Error(`${this.name} could not join; the page says: "${problem}" "${status}"`);
    }
  }

  /** @returns {Promise<Snapshot>} */
  snapshot() {
    return this.page.evaluate(snapshot);
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
      await sleep(200);
    }
  }
}
