/**
 * 500 clients of the real library lose their server at once (SIGKILL), and it is there again two seconds later, with its
 * default limits: everyone comes back soon, and hardly anyone is refused. No media are connected, so the server would
 * end each participant 30 s after its join; everything here is over before.
 */
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import './cleanup.mjs';
import {
  journaledSocket,
  loadClientLibrary,
  newJournal,
  RecordedPeerConnection,
} from './crowd.mjs';
import { check, close, note, percentile } from './report.mjs';
import { startServer } from './server.mjs';
import { SCREENSHOTS } from './settings.mjs';

const CLIENTS = 500;
const PER_ROOM = 20;
/** Between two of the first joins, so that they stay below the server's rate of 100 a second [ms]. */
const JOIN_EVERY_MS = 12;
const AWAY_MS = 2_000;

/** The claims. */
const ALL_BACK_MS = 35_000;
const MAX_REFUSED = 0.05;
const MAX_JOINS_PER_SECOND = 250;

const LIMIT_MS = 90_000;

/** @typedef {import('@iris/client').IrisClient} IrisClient */

setTimeout(() => {
  check(false, `the whole run ends within ${LIMIT_MS} ms`);
  process.exit(close());
}, LIMIT_MS).unref();

/**
 * @param {string} url
 * @param {import('./crowd.mjs').Journal} journal
 * @returns {Promise<IrisClient[]>}
 */
async function joinAll(url, journal) {
  const { IrisClient } = await loadClientLibrary();
  const clients = [];
  const joins = [];
  for (let i = 0; i < CLIENTS; i++) {
    const client = new IrisClient(url, {
      WebSocket: journaledSocket(journal),
      RTCPeerConnection: /** @type {any} */ (RecordedPeerConnection),
    });
    clients.push(client);
    joins.push(client.join({ room: `crowd-${Math.floor(i / PER_ROOM)}`, name: `Client ${i}` }));
    await sleep(JOIN_EVERY_MS);
  }
  await Promise.all(joins);
  return clients;
}

/**
 * @param {IrisClient[]} clients
 * @param {(index: number) => void} onBack
 */
function watchReturns(clients, onBack) {
  /** @type {string[]} */
  const ends = [];
  let waiting = clients.length;
  /** @type {Promise<void>} */
  const everyone = new Promise((resolve) => {
    clients.forEach((client, index) => {
      const stop = client.on('reconnected', () => {
        stop();
        onBack(index);
        if (--waiting === 0) resolve();
      });
      client.on('closed', ({ reason, detail }) => ends.push(`${reason}: ${detail}`));
    });
  });
  return { everyone, ends };
}

/** The most within any one second. @param {number[]} times [ms] */
function peakPerSecond(times) {
  const sorted = [...times].sort((a, b) => a - b);
  let first = 0;
  return sorted.reduce((peak, time, last) => {
    while (time - (sorted[first] ?? time) >= 1000) first++;
    return Math.max(peak, last - first + 1);
  }, 0);
}

/** @param {import('./crowd.mjs').Journal} journal @param {number} upMs  since when the server was there again */
function checkRefusals(journal, upMs) {
  const attempts = journal.attempts.filter((attempt) => attempt.atMs >= upMs);
  const failures = attempts.flatMap(({ failure }) => (failure === null ? [] : [failure]));
  const refusals = journal.refusals.filter(({ atMs }) => atMs >= upMs);
  const kinds = [...new Set([...failures, ...refusals.map(({ code }) => `error ${code}`)])];
  const share = (failures.length + refusals.length) / attempts.length;
  const percent = (/** @type {number} */ part) => `${(100 * part).toFixed(1)} %`;
  check(
    share < MAX_REFUSED,
    `below ${percent(MAX_REFUSED)} of the tries were refused once the server was back`,
    `${percent(share)} of ${attempts.length}${kinds.length > 0 ? `: ${kinds.join(', ')}` : ''}`,
  );
}

/** @param {IrisClient[]} clients */
async function leaveAll(clients) {
  await Promise.all(clients.map((client) => client.leave()));
}

async function main() {
  await mkdir(SCREENSHOTS, { recursive: true });
  const log = `${SCREENSHOTS}/server-return.log`;
  const server = await startServer(log);
  const journal = newJournal();
  const began = performance.now();
  const clients = await joinAll(`ws://127.0.0.1:${server.port}/v1/ws`, journal);
  const joined = clients.filter((client) => client.state === 'joined').length;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  check(joined === CLIENTS, `${CLIENTS} clients joined`, `${joined} in ${seconds} s`);
  const first = clients[0];
  check(
    first?.participants.size === PER_ROOM - 1,
    `a room has ${PER_ROOM} of them`,
    `${(first?.participants.size ?? -1) + 1}`,
  );

  /** @type {number[]} */
  const returns = [];
  let lostMs = 0;
  const { everyone, ends } = watchReturns(clients, () => returns.push(performance.now() - lostMs));
  lostMs = performance.now();
  await server.kill();
  await sleep(AWAY_MS);
  await server.restart();
  const upMs = performance.now();
  note(`the server was away for ${Math.round(upMs - lostMs)} ms`);
  const remaining = ALL_BACK_MS - (upMs - lostMs);
  await Promise.race([everyone, sleep(remaining, undefined, { ref: false })]);

  const lasted = (/** @type {number} */ share) => Math.round(percentile(returns, share));
  check(
    returns.length === CLIENTS,
    `all ${CLIENTS} are back within ${ALL_BACK_MS / 1000} s`,
    `${returns.length} after p50 ${lasted(0.5)}, p95 ${lasted(0.95)}, max ${lasted(1)} ms` +
      (ends[0] ? `; ${ends.length} ended, the first by "${ends[0]}"` : ''),
  );
  checkRefusals(journal, upMs);
  const peak = peakPerSecond(journal.joins.filter((atMs) => atMs >= lostMs));
  check(
    peak < MAX_JOINS_PER_SECOND,
    `fewer than ${MAX_JOINS_PER_SECOND} joins in any second`,
    `at most ${peak}`,
  );
  await leaveAll(clients);
  check(server.isRunning(), 'the server is still running');
  const code = await server.stop();
  check(code === 0, 'the server ends cleanly on SIGTERM', `exit code ${code}, log ${log}`);
}

try {
  await main();
} catch (error) {
  check(false, 'the run reached its end', error instanceof Error ? error.stack : String(error));
}
process.exit(close());
