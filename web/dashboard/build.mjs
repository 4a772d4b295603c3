/** Bundle the operators' page into build/web/dashboard, where the server looks for it; after the conference page. */
import { fileURLToPath } from 'node:url';
import { bundlePage } from '../bundle.mjs';

await bundlePage({
  source: fileURLToPath(new URL('.', import.meta.url)),
  name: 'dashboard',
  out: 'web/dashboard',
  budgetBytes: 60 * 1024,
});
