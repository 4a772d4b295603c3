/** The page is small: what a browser loads for a meeting, compressed, by what it says that it has loaded. */
import { gzipSync } from 'node:zlib';
import { check, note } from '../report.mjs';

export const title = 'size of the page';
export const limitMs = 15_000;

const MAX_BYTES = 100 * 1024;

/** Everything that the page has loaded. */
function loaded() {
  return [
    ...performance.getEntriesByType('navigation'),
    ...performance.getEntriesByType('resource'),
  ].map((entry) => {
    const { name, transferSize } = /** @type {PerformanceResourceTiming} */ (entry);
    return { url: name.replace(/#.*/, ''), transferred: transferSize };
  });
}

/** @param {import('../stage.mjs').Stage} stage */
export async function run(stage) {
  for (const browser of /** @type {const} */ (['chromium', 'firefox'])) {
    const who = await stage.enter(browser, stage.newRoom());
    const files = (await who.page.evaluate(loaded)).filter(({ url }) => url.startsWith('http'));
    let compressed = 0;
    for (const { url } of files) {
      const body = Buffer.from(await (await fetch(url)).arrayBuffer());
      compressed += gzipSync(body).length;
    }
    const transferred = files.reduce((sum, file) => sum + file.transferred, 0);
    check(
      compressed > 0 && compressed < MAX_BYTES,
      `${browser} loads less than ${MAX_BYTES} bytes for a meeting, compressed`,
      `${compressed} in ${files.length} files`,
    );
    note(`as it went over the wire: ${transferred} bytes with headers`);
  }
}
