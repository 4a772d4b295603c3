/** Cheap senders of real VP8 and Opus: `iris-bench bubbles` in a room of the test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { endAtExit } from './cleanup.mjs';
import { IRIS_BENCH_BIN } from './settings.mjs';

/**
 * They talk, with cameras and one screen, until they are stopped.
 *
 * @param {{ url: string, room: string, key: string, participants: number, log: string, link?: string }} options
 *   link: file of a script, the network of some of them
 * @returns {Promise<{ stop: () => Promise<void> }>}
 */
export async function startBubbles({ url, room, key, participants, log, link }) {
  const output = openSync(log, 'w');
  const args = ['bubbles', '--url', url.replace(/\/$/, ''), '--room', room, '--insecure', '--quiet']
    .concat(['--token-key', key, '--participants', String(participants)])
    .concat(['--duration', '0', '--verify', '0'])
    .concat(link === undefined ? [] : ['--link', link]);
  const child = spawn(IRIS_BENCH_BIN, args, { stdio: ['ignore', output, output], detached: true });
  await once(child, 'spawn');
  endAtExit(child.pid);
  return {
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
