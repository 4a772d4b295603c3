/** The server under test: a process of its own on free ports, and tokens for it. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endAtExit } from './cleanup.mjs';
import { IRIS_BIN, IRIS_WEB_ROOT } from './settings.mjs';

const HOST = '127.0.0.1';
const UDP_FIRST = 49152;
const UDP_LAST = 65535;
const READY_MS = 15_000;
const STOP_MS = 5_000;

/**
 * @typedef {object} Server
 * @property {string} url         of the page
 * @property {number} port        of the page
 * @property {string} operations  address of the operations listener
 * @property {() => Promise<number | null>} stop  asks it to end (SIGTERM); its exit code, null if it had to be killed
 * @property {() => Promise<void>} kill     ends it without a word (SIGKILL)
 * @property {() => Promise<void>} restart  starts it again on the same ports, when it has ended
 * @property {() => boolean} isRunning
 *
 * @typedef {object} TokenOptions
 * @property {string} room
 * @property {string} name
 * @property {boolean} [moderator]
 * @property {string} [subject]
 * @property {string} [publish]
 * @property {boolean} [isDeaf]  receives nothing
 * @property {number} [ttl]  [s]
 */

/**
 * Start the server and wait until it is ready.
 *
 * @param {string} log  file for what it prints
 * @param {Record<string, string>} [settings]  keys of its configuration
 * @returns {Promise<Server>}
 */
export async function startServer(log, settings = {}) {
  const [port, operations] = [await freeTcpPort(), await freeTcpPort()];
  /** @type {Record<string, string>} */
  const all = {
    listen_public: `${HOST}:${port}`,
    listen_operations: `${HOST}:${operations}`,
    web_root: IRIS_WEB_ROOT,
    udp_port_first: String(await freeUdpPort()),
    drain_seconds: '0', // SIGTERM ends it at once: pages are still in their rooms when a scenario is over
    ...settings,
  };
  const args = Object.entries(all).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  let child = await launch(args, log, 'w');
  const server = {
    url: `${all['tls_certificate_file'] ? 'https' : 'http'}://${all['listen_public']}/`,
    port,
    operations: `http://${HOST}:${operations}`,
    stop: () => stop(child),
    kill: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    restart: async () => {
      child = await launch(args, log, 'a');
      await waitUntilReady(server, log);
    },
    isRunning: () => child.exitCode === null && child.signalCode === null,
  };
  await waitUntilReady(server, log);
  return server;
}

/** A free port for {@link startServer}'s setting listen_public on another address. */
export async function freeTcpPort() {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}

/** A new secret for tokens, in a file that goes with this run. @returns its path, for `token_key_file` */
export function makeTokenKey() {
  const path = join(tmpdir(), `token-key-${randomBytes(4).toString('hex')}`);
  writeFileSync(path, randomBytes(48).toString('base64'), { mode: 0o600 });
  return path;
}

/**
 * A token as an operator makes it by hand.
 *
 * @param {string} key  path of the key
 * @param {TokenOptions} options
 * @returns {Promise<string>}
 */
export async function makeToken(key, options) {
  const { room, name, moderator, subject, publish, isDeaf, ttl } = options;
  const args = ['token', '--key', key, '--room', room, '--name', name];
  if (moderator) args.push('--moderator');
  if (subject !== undefined) args.push('--subject', subject);
  if (publish !== undefined) args.push('--publish', publish);
  if (isDeaf) args.push('--no-subscribe');
  if (ttl !== undefined) args.push('--ttl', String(ttl));
  const { stdout } = await promisify(execFile)(IRIS_BIN, args);
  return stdout.trim();
}

/** @param {string[]} args @param {string} log @param {'w' | 'a'} mode */
async function launch(args, log, mode) {
  const output = openSync(log, mode);
  const child = spawn(IRIS_BIN, args, { stdio: ['ignore', output, output], detached: true });
  await once(child, 'spawn');
  endAtExit(child.pid);
  return child;
}

/**
 * @param {Server} server
 * @param {string} log
 */
async function waitUntilReady(server, log) {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    if (!server.isRunning()) throw new Error(`the server ended at its start, see ${log}`);
    const answer = await fetch(`${server.operations}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await sleep(20);
  }
  throw new Error(`the server was not ready after ${READY_MS} ms, see ${log}`);
}

/** @param {import('node:child_process').ChildProcess} child */
async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const isEnded = await Promise.race([
    ended.then(() => true),
    sleep(STOP_MS, false, { ref: false }),
  ]);
  if (!isEnded) child.kill('SIGKILL');
  return isEnded ? child.exitCode : null;
}

/** A port of the media range that nobody has; not the default, so that a server run by hand does no harm. */
async function freeUdpPort() {
  // Two servers of one run, or two runs side by side, rarely look in the same place.
  const start = UDP_FIRST + 2000 + 16 * Math.floor(Math.random() * 500);
  for (let port = start; port <= UDP_LAST - 16; port += 16) {
    const probe = createSocket('udp4');
    const isFree = await new Promise((resolve) => {
      probe.once('error', () => resolve(false));
      probe.bind(port, () => resolve(true));
    });
    probe.close();
    if (isFree) return port;
  }
  throw new Error('no free UDP port in the media range');
}
