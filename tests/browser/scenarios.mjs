/**
 * Everything else that people do in a meeting, or that happens to them: one file for each in scenarios/, run one after
 * the other with one Chromium and one Firefox. `node tests/browser/scenarios.mjs 04 06` runs some of them.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, close, failures, note } from './report.mjs';
import { SCENARIOS_LIMIT_MS, SCREENSHOTS } from './settings.mjs';
import { Stage } from './stage.mjs';

const FOLDER = new URL('./scenarios/', import.meta.url);

/**
 * @typedef {object} Scenario
 * @property {string} title
 * @property {number} limitMs
 * @property {(stage: Stage) => Promise<void>} run
 */

setTimeout(() => {
  check(false, `all scenarios together end within ${SCENARIOS_LIMIT_MS} ms`);
  process.exit(close());
}, SCENARIOS_LIMIT_MS).unref();

/** @param {Stage} stage @param {string} file */
async function play(stage, file) {
  /** @type {Scenario} */
  const { title, limitMs, run } = await import(new URL(file, FOLDER).href);
  const name = file.replace(/\.mjs$/, '');
  const began = performance.now();
  const before = failures();
  console.log(`--- ${name}: ${title}`);
  stage.begin(name);
  const ended = new AbortController();
  const late = sleep(limitMs, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`it takes longer than ${limitMs} ms`);
  });
  try {
    await Promise.race([run(stage), late]);
  } catch (error) {
    check(
      false,
      'the scenario reached its end',
      String(error instanceof Error ? error.stack : error),
    );
  }
  ended.abort();
  late.catch(() => undefined);
  await stage.end(failures() > before);
  note(`${((performance.now() - began) / 1000).toFixed(1)} s`);
}

async function main() {
  const wanted = process.argv.slice(2);
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.mjs')).sort();
  const chosen = files.filter(
    (file) => wanted.length === 0 || wanted.some((prefix) => file.startsWith(prefix)),
  );
  await mkdir(SCREENSHOTS, { recursive: true });
  const stage = await Stage.build();
  for (const file of chosen) await play(stage, file);
  check(stage.server.isRunning(), 'the server is still running');
  const code = await stage.server.stop();
  check(code === 0, 'the server ends cleanly on SIGTERM', `exit code ${code}`);
}

const began = performance.now();
try {
  await main();
} catch (error) {
  check(false, 'the run reached its end', String(error instanceof Error ? error.stack : error));
}
note(`all scenarios took ${((performance.now() - began) / 1000).toFixed(1)} s`);
process.exit(close());
