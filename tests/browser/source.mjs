/** Someone in the room whose camera is sent in both layers. */
import { hasBothLayers, streams } from './streams.mjs';

/** A join shall have both layers so soon (the page's own aim; Chromium's estimate grows from 300 kbps) [ms]. */
export const BOTH_LAYERS_MS = 2_000;

/**
 * Join and wait for both layers. On a busy machine some joins of Chromium begin with too low an estimate of the network,
 * which then grows by 8 % a second: nothing that a server could help, so such a one makes room for another.
 *
 * @param {import('./stage.mjs').Stage} stage
 * @param {import('./browsers.mjs').BrowserName} browser
 * @param {string} room
 * @param {string} name
 * @param {number} [tries]
 * @param {string} [url]  else that of the shared server
 */
export async function enterSource(stage, browser, room, name, tries = 3, url = stage.server.url) {
  for (let i = 1; ; i++) {
    const source = await stage.enter(browser, room, { name, url });
    const began = performance.now();
    const now = await source.waitFor(streams, hasBothLayers, BOTH_LAYERS_MS);
    const tookMs = Math.round(performance.now() - began);
    if (hasBothLayers(now) || i === tries) return { source, hasBoth: hasBothLayers(now), tookMs };
    await source.page.click('#leave');
  }
}
