/**
 * Bundle the conference page into build/web, flat and with hashed names, so that the server may let browsers cache
 * everything but index.html, each with a compressed form (NAME.gz) beside it. Fails when the result outgrows its budget.
 */
import { build } from 'esbuild';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const BUDGET_BYTES = 100 * 1024;
const here = fileURLToPath(new URL('.', import.meta.url));
const out = fileURLToPath(new URL('../../build/web', import.meta.url));

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const result = await build({
  entryPoints: { meet: join(here, 'src/main.ts'), style: join(here, 'css/style.css') },
  entryNames: '[name]-[hash]',
  outdir: out,
  bundle: true,
  minify: true,
  sourcemap: true,
  format: 'esm',
  target: ['chrome110', 'firefox115', 'safari16.4'],
  metafile: true,
});

const names = Object.keys(result.metafile.outputs).map((path) => basename(path));
const template = await readFile(join(here, 'index.html'), 'utf8');
const icons = await readFile(join(here, 'icons.svg'), 'utf8');
await writeFile(
  join(out, 'index.html'),
  template
    .replace('{{js}}', pick(/\.js$/))
    .replace('{{css}}', pick(/\.css$/))
    .replace('{{icons}}', icons.trim().replace(/>\s+</g, '><')),
);

let total = 0;
for (const name of await readdir(out)) {
  if (name.endsWith('.map')) continue;
  const compressed = gzipSync(await readFile(join(out, name)), { level: 9 });
  await writeFile(join(out, `${name}.gz`), compressed);
  total += compressed.length;
  console.log(`build/web/${name}  ${compressed.length} bytes compressed`);
}
if (total > BUDGET_BYTES) {
  console.error(`the page is ${total} bytes compressed, more than ${BUDGET_BYTES}`);
  process.exit(1);
}

/** @param {RegExp} pattern */
function pick(pattern) {
  const name = names.find((candidate) => pattern.test(candidate));
  if (!name) throw new Error(`esbuild made no file like ${pattern}`);
  return name;
}
