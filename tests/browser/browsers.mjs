/**
 * Debian's Chromium (by playwright-core) and Firefox ESR (by puppeteer-core over WebDriver BiDi) with fake devices.
 * Both give pages with the few calls that the test needs, so that it does not care which is which.
 */
import { endAtExit } from './cleanup.mjs';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { CHROMIUM, FIREFOX } from './settings.mjs';

const VIEWPORT = { width: 1280, height: 720 };

/**
 * @typedef {object} Page  what playwright's and puppeteer's pages have in common
 * @property {(url: string) => Promise<unknown>} goto
 * @property {<T>(fn: () => T) => Promise<Awaited<T>>} evaluate
 * @property {(selector: string) => Promise<void>} click
 * @property {(options: { path: string }) => Promise<unknown>} screenshot
 *
 * @typedef {object} Browser
 * @property {() => Promise<Page>} newPage  in a profile of its own
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
  // Five pages share two cores; none of them may be slowed down for being in the background.
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
};

/** @returns {Promise<Browser>} */
export async function launchChromium() {
  const server = await chromium.launchServer({
    executablePath: CHROMIUM,
    headless: true,
    args: CHROMIUM_FLAGS,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  endAtExit(server.process().pid);
  const browser = await chromium.connect(server.wsEndpoint());
  return {
    newPage: async () => (await browser.newContext({ viewport: VIEWPORT })).newPage(),
  };
}

/** @returns {Promise<Browser>} */
export async function launchFirefox() {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    extraPrefsFirefox: FIREFOX_PREFS,
    defaultViewport: VIEWPORT,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  endAtExit(browser.process()?.pid);
  return {
    newPage: async () => {
      const page = await browser.newPage();
      return {
        goto: (url) => page.goto(url),
        evaluate: (fn) => page.evaluate(fn),
        click: (selector) => page.click(selector),
        screenshot: ({ path }) => page.screenshot({ path: /** @type {`${string}.png`} */ (path) }),
      };
    },
  };
}
