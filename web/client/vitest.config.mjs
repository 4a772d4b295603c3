/** The unit tests of the web side, run once from the root by `npm test`. No browser, no network, no sleeping. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at('../..'),
  cacheDir: at('../../build/vite'),
  resolve: { alias: { '@iris/client': at('src/index.ts') } },
  test: {
    include: ['web/*/test/**/*.test.ts'],
    environment: 'node',
    restoreMocks: true,
    unstubGlobals: true,
  },
});
