/** What scenarios share: one browser of each kind, one server with a token key, rooms, pages, tokens and screenshots. */
import { launchChromium, launchFirefox } from './browsers.mjs';
import { Participant } from './participant.mjs';
import { note } from './report.mjs';
import { makeToken, makeTokenKey, startServer } from './server.mjs';
import { SCREENSHOTS } from './settings.mjs';

/** @typedef {import('./browsers.mjs').Browser} Browser */
/** @typedef {import('./browsers.mjs').BrowserName} BrowserName */
/** @typedef {import('./server.mjs').Server} Server */

/**
 * @typedef {object} Guest  how someone comes
 * @property {string} [name]        else that of the browser
 * @property {boolean} [moderator]
 * @property {string} [subject]
 * @property {string} [publish]     what may be sent, else all
 * @property {boolean} [isDeaf]      receives nothing
 * @property {string} [url]         else that of the shared server
 * @property {import('./browsers.mjs').PageOptions} [page]
 */

/** The names that people have in the rooms, by browser. @type {Record<BrowserName, string>} */
const NAMES = { chromium: 'Chromium', firefox: 'Firefox' };

export class Stage {
  /** @type {Participant[]} */
  #pages = [];
  #scenario = '';
  #rooms = 0;

  /**
   * @param {Record<BrowserName, Browser>} browsers
   * @param {Server} server
   * @param {string} key  path of the token key
   */
  constructor(browsers, server, key) {
    this.browsers = browsers;
    this.server = server;
    this.key = key;
  }

  static async build() {
    const key = makeTokenKey();
    const [chromium, firefox, server] = await Promise.all([
      launchChromium(),
      launchFirefox(),
      startServer(`${SCREENSHOTS}/server-scenarios.log`, { token_key_file: key }),
    ]);
    return new Stage({ chromium, firefox }, server, key);
  }

  /** A scenario begins; its number and name stand before those of its screenshots. @param {string} scenario */
  begin(scenario) {
    this.#scenario = scenario;
  }

  /** A room that nobody was in. */
  newRoom() {
    return `${this.#scenario}-${++this.#rooms}`;
  }

  /** @param {import('./server.mjs').TokenOptions} options */
  token(options) {
    return makeToken(this.key, options);
  }

  /** A page in the lobby. @param {BrowserName} browser @param {string} name @param {Guest['page']} [options] */
  async newPage(browser, name, options) {
    const participant = new Participant(
      name,
      browser,
      await this.browsers[browser].newPage(options),
    );
    this.#pages.push(participant);
    return participant;
  }

  /**
   * Someone with a good token, in the lobby.
   *
   * @param {BrowserName} browser
   * @param {string} room
   * @param {Guest} [guest]
   */
  async invite(browser, room, { name = NAMES[browser], url, page, ...rights } = {}) {
    const participant = await this.newPage(browser, name, page);
    const token = await this.token({ room, name, ...rights });
    await participant.open(url ?? this.server.url, room, token);
    return participant;
  }

  /**
   * Someone in the room.
   *
   * @param {BrowserName} browser
   * @param {string} room
   * @param {Guest} [guest]
   */
  async enter(browser, room, guest) {
    const participant = await this.invite(browser, room, guest);
    await participant.join();
    return participant;
  }

  /** One of each browser in a new room. @param {Partial<Record<BrowserName, Guest>>} [guests] */
  async meeting(guests = {}) {
    const room = this.newRoom();
    const [chromium, firefox] = await Promise.all([
      this.enter('chromium', room, guests.chromium),
      this.enter('firefox', room, guests.firefox),
    ]);
    return { room, chromium, firefox };
  }

  /** @param {Participant} who @param {string} state  what is to be seen */
  async screenshot(who, state) {
    const path = `${SCREENSHOTS}/${this.#scenario}-${state}-${who.browser}.png`;
    await who.page.screenshot({ path });
    note(`screenshot ${path}`);
  }

  /** The scenario is over: its tabs are closed. @param {boolean} hasFailed  then what they show is kept */
  async end(hasFailed) {
    for (const [index, participant] of this.#pages.splice(0).entries()) {
      if (hasFailed) await this.screenshot(participant, `failed-${index}`).catch(() => undefined);
      await participant.page.close().catch(() => undefined);
    }
  }
}
