/** The server under test: a process of its own on free ports. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { endAtExit } from './cleanup.mjs';

const HOST = '127.0.0.1';
const UDP_FIRST = 49152;
const UDP_LAST = 65535;
const READY_MS = 15_000;
const STOP_MS = 5_000;

/**
 * @typedef {object} Server
 * @property {string} url         of the page
 * @property {string} operations  address of the operations listener
 * @property {() => Promise<number | null>} stop  asks it to end (SIGTERM); its exit code, null if it had to be killed
 * @property {() => boolean} isRunning
 */

/**
 * Start the server and wait until it is ready.
 *
 * @param {string} binary
 * @param {string} webRoot
 * @param {string} log  file for what it prints
 * @returns {Promise<Server>}
 */
export async function startServer(binary, webRoot, log) {
  const [page, operations] = [await freeTcpPort(), await freeTcpPort()];
  const settings = [
    `listen_public=${HOST}:${page}`,
    `listen_operations=${HOST}:${operations}`,
    `web_root=${webRoot}`,
    `udp_port_first=${await freeUdpPort()}`,
  ];
  const output = openSync(log, 'w');
  const child = spawn(
    binary,
    settings.flatMap((setting) => ['--set', setting]),
    {
      stdio: ['ignore', output, output],
      detached: true,
    },
  );
  await once(child, 'spawn');
  endAtExit(child.pid);
  const server = {
    url: `http://${HOST}:${page}/`,
    operations: `http://${HOST}:${operations}`,
    stop: () => stop(child),
    isRunning: () => child.exitCode === null && child.signalCode === null,
  };
  await waitUntilReady(server, log);
  return server;
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
    await sleep(50);
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

async function freeTcpPort() {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}

/** A port of the media range that nobody has; not the default, so that a server run by hand does no harm. */
async function freeUdpPort() {
  for (let port = UDP_FIRST + 2000; port <= UDP_LAST; port += 16) {
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
