/** A bad network in front of a browser: iris-link, whose script begins when it is told to. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { startInside } from './inside.mjs';
import { IRIS_LINK_BIN } from './settings.mjs';

/** Of this machine on the link: iris-link's default. */
export const LINK_ADDRESS = '198.18.64.1';

/**
 * @typedef {object} LinkWay  one direction in one second
 * @property {number} offered_bytes
 * @property {number} delivered_bytes
 * @property {number} offered_packets
 * @property {number} dropped_packets
 * @property {number} queue_p95_ms
 * @property {number} queue_max_ms
 * @property {number} late_max_ms
 *
 * @typedef {object} LinkSecond
 * @property {number} script_s    since the script began, at the end of the second
 * @property {number} duration_s
 * @property {LinkWay} down
 *
 * @typedef {object} Link
 * @property {import('node:child_process').ChildProcess} process  to be talked to; its signals are iris-link's
 * @property {() => void} begin         the script, anew
 * @property {() => LinkSecond[]} seconds  since it began last
 * @property {() => Promise<void>} stop
 */

/**
 * Run a script of the test behind a link.
 *
 * @param {string[]} rules  lines of iris-link's script
 * @param {string} log      file for what it says of each second
 * @param {string} script   beside this file
 * @param {string[]} args
 * @returns {Link}
 */
export function startLink(rules, log, script, args) {
  const options = ['--quiet', '--json', log, ...rules.flatMap((rule) => ['--rule', rule])];
  const child = startInside([IRIS_LINK_BIN, ...options, '--'], script, args);
  return {
    process: child,
    begin: () => void child.kill('SIGUSR1'),
    seconds: () => sinceTheLastBegin(readFileSync(log, 'utf8')),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** @param {string} text @returns {LinkSecond[]} */
function sinceTheLastBegin(text) {
  const lines = text.split('\n').slice(0, -1);
  /** @type {LinkSecond[]} */
  const seconds = lines.map((line) => JSON.parse(line)).filter((line) => 'second' in line);
  const starts = seconds.map((second, i) => second.script_s < (seconds[i - 1]?.script_s ?? 0));
  return seconds.slice(Math.max(0, starts.lastIndexOf(true)));
}
