/**
 * A process of the test in another network: Firefox is driven over a socket that only exists where it runs. It talks to
 * the scenario over Node's IPC, in turns, and ends with it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endAtExit } from './cleanup.mjs';

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/**
 * @param {string[]} network  the command that runs another one in that network
 * @param {string} script     beside this file
 * @param {string[]} args
 * @returns {ChildProcess}  of that command
 */
export function startInside([program = '', ...network], script, args) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(program, [...network, process.execPath, path, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  endAtExit(child.pid);
  return child;
}

/** The next message. @param {ChildProcess} child */
export async function hear(child) {
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => [{ failure: 'it has ended' }]),
  ]);
  if (message.failure) throw new Error(`the process inside: ${message.failure}`);
  return message;
}

/**
 * The process inside: do the work, tell why it failed, and end with the scenario.
 *
 * @param {() => Promise<void>} work
 */
export async function runInside(work) {
  process.on('disconnect', () => process.exit(1));
  try {
    await work();
  } catch (error) {
    await tell({ failure: String(error instanceof Error ? error.stack : error) });
  }
  process.disconnect?.();
  process.exit(0);
}

/** Of the process inside. Resolves when it is on its way. @param {object} message @returns {Promise<void>} */
export function tell(message) {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}
