/** Bundle the conference page into build/web. What was there before goes, the dashboard with it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePage } from '../bundle.mjs';

const source = fileURLToPath(new URL('.', import.meta.url));
const icons = await readFile(join(source, 'icons.svg'), 'utf8');

await bundlePage({
  source,
  name: 'meet',
  out: 'web',
  budgetBytes: 100 * 1024,
  texts: { icons: icons.trim().replace(/>\s+</g, '><') },
});
