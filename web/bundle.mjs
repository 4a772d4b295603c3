/**
 * Bundle a page into a folder, flat and with hashed names, so that the server may let browsers cache everything but
 * index.html, each with a compressed form (NAME.gz) beside it.
 */
import { build } from 'esbuild';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Made of src/main.ts, css/style.css and index.html, in which `{{js}}` and `{{css}}` stand for the names of the first
 * two; what was in the folder before is gone. Ends the process when the result outgrows its budget.
 *
 * @param {object} page
 * @param {string} page.source       folder of the page
 * @param {string} page.name         of the script, without its ending
 * @param {string} page.out          folder below build/
 * @param {number} page.budgetBytes  of everything but source maps, compressed
 * @param {Record<string, string>} [page.texts]  what else stands in index.html as `{{KEY}}`
 */
export async function bundlePage({ source, name, out, budgetBytes, texts = {} }) {
  const folder = join(root, 'build', out);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const result = await build({
    entryPoints: { [name]: join(source, 'src/main.ts'), style: join(source, 'css/style.css') },
    entryNames: '[name]-[hash]',
    outdir: folder,
    bundle: true,
    minify: true,
    sourcemap: true,
    format: 'esm',
    target: ['chrome110', 'firefox115', 'safari16.4'],
    metafile: true,
  });
  const names = Object.keys(result.metafile.outputs).map((path) => basename(path));
  let index = await readFile(join(source, 'index.html'), 'utf8');
  const values = { js: pick(names, /\.js$/), css: pick(names, /\.css$/), ...texts };
  for (const [key, value] of Object.entries(values)) {
    index = index.replace(`{{${key}}}`, () => value);
  }
  await writeFile(join(folder, 'index.html'), index);
  const total = await compress(folder);
  if (total > budgetBytes) {
    console.error(`the page is ${total} bytes compressed, more than ${budgetBytes}`);
    process.exit(1);
  }
}

/** @param {string} folder @returns {Promise<number>}  bytes of all of them */
async function compress(folder) {
  let total = 0;
  for (const name of await readdir(folder)) {
    if (name.endsWith('.map')) continue;
    const path = join(folder, name);
    const compressed = gzipSync(await readFile(path), { level: 9 });
    await writeFile(`${path}.gz`, compressed);
    total += compressed.length;
    console.log(`${relative(root, path)}  ${compressed.length} bytes compressed`);
  }
  return total;
}

/** @param {string[]} names @param {RegExp} pattern */
function pick(names, pattern) {
  const name = names.find((candidate) => pattern.test(candidate));
  if (!name) throw new Error(`esbuild made no file like ${pattern}`);
  return name;
}
