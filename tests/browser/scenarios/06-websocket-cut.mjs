/**
 * The control channel is cut for three seconds: media go on, and the session is resumed, without a word to the others.
 * Then the server is killed and started anew: everyone is back as a new participant, with media.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { flow, isSeeing } from '../media.mjs';
import { startProxy } from '../proxy.mjs';
import { check } from '../report.mjs';
import { startServer } from '../server.mjs';
import { SCREENSHOTS } from '../settings.mjs';

export const title = 'WebSocket cut, server restarted';
export const limitMs = 60_000;

const CUT_MS = 3_000;
const RESUMED_MS = 12_000;
const REJOINED_MS = 20_000;

/** @typedef {import('../participant.mjs').Participant} Participant */
/** @typedef {import('../proxy.mjs').Proxy} Proxy */
/** @typedef {import('../stage.mjs').Stage} Stage */

/** Note how the client came back, from now on. @param {Participant} who */
async function watchReturn(who) {
  await who.page.evaluate(() => {
    /** @type {string[]} */
    const returns = [];
    /** @type {any} */ (window).returns = returns;
    window.iris?.on('reconnected', ({ how }) => returns.push(how));
  });
}

/** @param {Participant} who @param {number} timeoutMs @param {number} count */
async function returned(who, timeoutMs, count) {
  const question = () => /** @type {string[]} */ (/** @type {any} */ (window).returns);
  const returns = await who.waitFor(question, (list) => list.length >= count, timeoutMs);
  return returns.at(count - 1) ?? 'not at all';
}

/**
 * @param {Stage} stage
 * @param {Participant} actor  behind the proxy
 * @param {Participant} witness
 * @param {Proxy} proxy
 */
async function checkCut(stage, actor, witness, proxy) {
  await Promise.all([isSeeing(actor), isSeeing(witness)]);
  await witness.watchDepartures();
  await watchReturn(actor);
  const { id } = await actor.look();
  const began = Date.now();
  proxy.cut();
  const cut = await actor.until(({ banners }) => banners['connection'] !== undefined, 2_000);
  const banner = cut.banners['connection'] ?? '';
  check(/lost|interrupted/i.test(banner), `${actor.name} is told of the loss`, `"${banner}"`);
  await stage.screenshot(actor, 'banner');
  const [own, others] = await Promise.all([flow(actor, 1_500), flow(witness, 1_500)]);
  check(
    own.cameraFrames > 10,
    `${actor.name} goes on seeing`,
    `${own.cameraFrames} frames in 1.5 s`,
  );
  check(
    others.cameraFrames > 10,
    `${actor.name} goes on being seen`,
    `${others.cameraFrames} frames`,
  );
  const { state } = await actor.look();
  check(state === 'reconnecting', 'and is still without a control channel', state);
  await sleep(CUT_MS - (Date.now() - began));
  proxy.mend();
  const how = await returned(actor, RESUMED_MS, 1);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  check(how === 'resumed', `${actor.name} is back after ${seconds} s`, how);
  const back = await actor.until(({ banners }) => banners['connection'] === undefined, 1_000);
  check(back.id === id, 'as the same participant', `${back.id} ${id}`);
  check(
    back.banners['connection'] === undefined,
    'the banner is gone',
    JSON.stringify(back.banners),
  );
  const departures = await witness.departures();
  check(departures.length === 0, `${witness.name} saw nobody leave`, departures.join());
}

/** @param {Participant} who @param {string | null} id  before @param {string} how */
async function checkRejoined(who, id, how) {
  check(how === 'rejoined', `${who.name} has joined the new server`, how);
  const { id: newId, people } = await who.until((seen) => seen.people.length === 1, 10_000);
  check(newId !== id, 'as a new participant', `${newId} ${id}`);
  check(people.length === 1, 'the other is there, once', people.map(({ name }) => name).join());
  check(await isSeeing(who), `${who.name} sees the other again`);
}

/** @param {Stage} stage */
export async function run(stage) {
  const log = `${SCREENSHOTS}/server-restarted.log`;
  const server = await startServer(log, { token_key_file: stage.key });
  const proxies = await Promise.all([startProxy(server.port), startProxy(server.port)]);
  const [first, second] = proxies;
  const rooms = [stage.newRoom(), stage.newRoom()];
  const [a, b, c, d] = await Promise.all([
    stage.enter('chromium', rooms[0] ?? '', { url: first.url, name: 'Chromium A' }),
    stage.enter('firefox', rooms[0] ?? '', { url: server.url, name: 'Firefox A' }),
    stage.enter('firefox', rooms[1] ?? '', { url: second.url, name: 'Firefox B' }),
    stage.enter('chromium', rooms[1] ?? '', { url: server.url, name: 'Chromium B' }),
  ]);
  await Promise.all([checkCut(stage, a, b, first), checkCut(stage, c, d, second)]);

  const everyone = [a, b, c, d];
  await Promise.all([b, d].map(watchReturn));
  const before = await Promise.all(everyone.map(async (who) => (await who.look()).id));
  await server.kill();
  await sleep(CUT_MS);
  await server.restart();
  const ways = await Promise.all(
    everyone.map((who, i) => returned(who, REJOINED_MS, i % 2 === 0 ? 2 : 1)),
  );
  for (const [i, who] of everyone.entries()) {
    await checkRejoined(who, before[i] ?? null, ways[i] ?? '');
  }
  for (const who of [a, c]) await stage.screenshot(who, 'rejoined');
  for (const proxy of proxies) proxy.close();
  const code = await server.stop();
  check(code === 0, 'the restarted server ends cleanly', `exit code ${code}, log ${log}`);
}
