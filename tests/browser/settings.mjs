/** What the test needs from outside, and its limits. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const IRIS_BIN = resolve(process.env['IRIS_BIN'] ?? `${root}/build/release/iris`);
export const IRIS_BENCH_BIN = resolve(
  process.env['IRIS_BENCH_BIN'] ?? `${root}/build/release/bench/iris-bench`,
);
export const IRIS_LINK_BIN = resolve(
  process.env['IRIS_LINK_BIN'] ?? `${root}/build/release/iris-link`,
);
export const IRIS_WEB_ROOT = resolve(process.env['IRIS_WEB_ROOT'] ?? `${root}/build/web`);
export const CHROMIUM = process.env['IRIS_CHROMIUM'] ?? '/usr/bin/chromium';
export const FIREFOX = process.env['IRIS_FIREFOX'] ?? '/usr/bin/firefox-esr';
export const SCREENSHOTS = resolve(root, 'build/screenshots');
export const SERVER_LOG = resolve(root, 'build/screenshots/server.log');

export const ROOM = 'browser-test';
export const CHROMIUM_PAGES = 4;

/** The whole run, browsers and server included [ms]. */
export const LIMIT_MS = 120_000;

/** All scenarios together, browsers and server included [ms]. */
export const SCENARIOS_LIMIT_MS = 500_000;

/** How long media is watched once everyone sees everyone [ms]. */
export const WATCH_MS = 6_000;

/** The longest pause that the server may make in a slot while its source sends [ms]. */
export const MAX_GAP_MS = 150;
