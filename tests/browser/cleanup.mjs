/**
 * What has been started is ended, whatever happens: on success, failure, SIGINT, SIGTERM and when the time is up.
 * Processes are ended by their own process group, which each of them leads. Profiles and sockets of the browsers go into
 * a temporary folder of this run, so this file must be imported before the libraries that drive them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'iris-browsers-'));
process.env['TMPDIR'] = folder;

/** @type {number[]} */
const groups = [];

/**
 * Remember a process group leader that must not outlive this run.
 *
 * @param {number | undefined} pid
 */
export function endAtExit(pid) {
  if (pid !== undefined) groups.push(pid);
}

function endAll() {
  for (const pid of groups.splice(0)) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  // The killed may take a moment to let go of their files.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

process.on('exit', endAll);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => process.exit(1));
}
