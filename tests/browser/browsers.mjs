/**
 * Debian's Chromium (by playwright-core) and Firefox ESR (by puppeteer-core over WebDriver BiDi) with fake devices.
 * Both give pages with the few calls that the tests need, so that they do not care which is which.
 */
import { endAtExit } from './cleanup.mjs';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { CHROMIUM, FIREFOX } from './settings.mjs';

const VIEWPORT = { width: 1280, height: 720 };

/**
 * @typedef {object} Page  what playwright's and puppeteer's pages have in common
 * @property {(url: string) => Promise<unknown>} goto
 * @property {<T, A = undefined>(fn: (argument: A) => T, argument?: A) => Promise<Awaited<T>>} evaluate
 * @property {(selector: string) => Promise<void>} click
 * @property {(key: string) => Promise<void>} press  a key by its name, to whatever has the focus
 * @property {(text: string) => Promise<void>} type  likewise
 * @property {(options: { path: string }) => Promise<unknown>} screenshot
 * @property {() => Promise<void>} close  the tab and its profile, without asking the page
 * @property {(source: string) => Promise<unknown>} run  a script in the page, whatever its content policy
 * @property {(width: number, height: number) => Promise<void>} resize
 *
 * @typedef {object} PageOptions
 * @property {'light' | 'dark'} [colorScheme]  Chromium only
 *
 * @typedef {'chromium' | 'firefox'} BrowserName
 *
 * @typedef {object} Browser
 * @property {BrowserName} name
 * @property {(options?: PageOptions) => Promise<Page>} newPage  in a profile of its own
 */

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  // Closed networks: nothing is asked of hosts outside.
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // Several pages share two cores; none of them may be slowed down for being in the background.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/**
 * Fake devices, no questions, and host candidates in clear. Firefox gathers nothing without a default route and never
 * pairs its other addresses with 127.0.0.1, so the server must announce an address of the machine, as it does by
 * default. In a network namespace of its own `ip addr add 10.99.0.1/32 dev lo; ip route add default dev lo` is enough,
 * with the loopback preference.
 */
const FIREFOX_PREFS = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.peerconnection.ice.loopback': true,
  // Screenshots show where things come to rest.
  'ui.prefersReducedMotion': 1,
};

const NO_SIGNALS = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };

/** @returns {Promise<Browser>} */
export async function launchChromium() {
  const server = await chromium.launchServer({
    executablePath: CHROMIUM,
    headless: true,
    args: CHROMIUM_FLAGS,
    ...NO_SIGNALS,
  });
  endAtExit(server.process().pid);
  const browser = await chromium.connect(server.wsEndpoint());
  return {
    name: 'chromium',
    newPage: async ({ colorScheme } = {}) => {
      const context = await browser.newContext({
        viewport: VIEWPORT,
        ignoreHTTPSErrors: true,
        // Screenshots show where things come to rest.
        reducedMotion: 'reduce',
        ...(colorScheme ? { colorScheme } : {}),
      });
      const page = await context.newPage();
      return {
        goto: (url) => page.goto(url),
        evaluate: /** @type {any} */ (page.evaluate.bind(page)),
        click: (selector) => page.click(selector, { timeout: 5_000 }),
        press: (key) => page.keyboard.press(key),
        type: (text) => page.keyboard.type(text),
        screenshot: ({ path }) => page.screenshot({ path }),
        close: async () => {
          await page.close();
          await context.close();
        },
        run: (source) => page.evaluate(source),
        resize: (width, height) => page.setViewportSize({ width, height }),
      };
    },
  };
}

/** @returns {Promise<Browser>} */
export async function launchFirefox() {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    acceptInsecureCerts: true,
    extraPrefsFirefox: FIREFOX_PREFS,
    defaultViewport: VIEWPORT,
    ...NO_SIGNALS,
  });
  endAtExit(browser.process()?.pid);
  return {
    name: 'firefox',
    newPage: async () => {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      return {
        goto: (url) => page.goto(url),
        evaluate: /** @type {any} */ (page.evaluate.bind(page)),
        click: (selector) => page.click(selector),
        press: (key) => page.keyboard.press(/** @type {any} */ (key)),
        type: (text) => page.keyboard.type(text),
        screenshot: ({ path }) => page.screenshot({ path: /** @type {`${string}.png`} */ (path) }),
        close: async () => {
          await page.close();
          await context.close();
        },
        run: (source) => page.evaluate(source),
        resize: (width, height) => page.setViewport({ width, height }),
      };
    },
  };
}
