/**
 * Someone whose network changes: a process of its own inside the namespace of two_paths.mjs, because Firefox is driven
 * over a socket that only exists there. It joins, waits for a word, takes down the interface that carries the media, and
 * reports; it judges nothing. Arguments: chromium or firefox, the page, room, token, path of a screenshot.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchChromium, launchFirefox } from './browsers.mjs';
import { runInside, tell } from './inside.mjs';
import { isSeeing, media } from './media.mjs';
import { Participant } from './participant.mjs';
import { readSamples, startSampler } from './sampler.mjs';

/**
 * @typedef {object} Report
 * @property {string} id      before the change
 * @property {string} idAfter
 * @property {string} state   of the client, after
 * @property {string} used    the interface that was taken down
 * @property {number} downMs  when [ms, wall clock]
 * @property {number} untilMs when the watch ended
 * @property {import('./sampler.mjs').Sample[]} samples
 * @property {number} repliesMs  from the change to the first answer of the control channel; -1 if there was none
 */

const [name = '', url = '', room = '', token = '', screenshot = ''] = process.argv.slice(2);

/** It is watched at least so long, and until pictures come again, but no longer [ms]. */
const [LEAST_MS, MOST_MS] = [3_500, 18_000];
/** Pictures come again when none was later than this [ms]. */
const STEADY_MS = 400;

const PATHS = ['path1', 'path2'];

/** @param {string} path */
function sentBytes(path) {
  return Number(readFileSync(`/sys/class/net/${path}/statistics/tx_bytes`, 'utf8'));
}

/** The interface that carries the media. */
async function findUsed() {
  const before = PATHS.map(sentBytes);
  await sleep(500);
  const [first = 0, second = 0] = PATHS.map((path, i) => sentBytes(path) - (before[i] ?? 0));
  return first > second ? 'path1' : 'path2';
}

/** Ask the server something, in the page, until it answers. */
async function askServer() {
  for (;;) {
    const isAnswered = await window.iris?.stats().then(
      () => true,
      () => false,
    );
    if (isAnswered) return Date.now();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** @param {Participant} who @param {number} downMs */
async function watch(who, downMs) {
  for (;;) {
    await sleep(200);
    const ageMs = Date.now() - downMs;
    const late = (await who.page.evaluate(readSamples)).at(-1)?.[0] ?? 0;
    if (ageMs > LEAST_MS && Date.now() - late < STEADY_MS) return;
    if (ageMs > MOST_MS) return;
  }
}

async function main() {
  const browser = await (name === 'firefox' ? launchFirefox() : launchChromium());
  const who = new Participant('Mover', browser.name, await browser.newPage());
  await who.open(url, room, token);
  await who.join();
  await isSeeing(who);
  await who.page.evaluate(startSampler);
  const { id } = await who.page.evaluate(media);
  await tell({ ready: id });
  await once(process, 'message');
  const used = await findUsed();
  const downMs = Date.now();
  execFileSync('ip', ['link', 'set', used, 'down']);
  let repliedMs = downMs - 1;
  void who.page.evaluate(askServer).then((atMs) => (repliedMs = atMs));
  await watch(who, downMs);
  // So that those who came back late have time to show that they stay.
  await sleep(1_000);
  const { id: idAfter, state } = await who.look();
  const samples = await who.page.evaluate(readSamples);
  const untilMs = Date.now();
  await tell({
    report: { id, idAfter, state, used, downMs, untilMs, samples, repliesMs: repliedMs - downMs },
  });
  await who.page.screenshot({ path: screenshot });
}

await runInside(main);
