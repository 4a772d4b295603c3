/** The package that `npm pack` makes: what is in it, that it works alone, and that its README shows what is checked. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

test('the README quotes the example, which is type-checked, word for word', () => {
  const example = read('example/minimal.ts');
  expect(read('README.md')).toContain('```ts\n' + example + '```\n');
  expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
});

test('the licence is that of the project', () => {
  expect(read('LICENSE')).toBe(read('../../LICENSE'));
});

test('npm packs the built module, its declarations and the README, and nothing else', async () => {
  const options = { cwd: folder, encoding: 'utf8', stdio: 'pipe' } as const;
  execFileSync(process.execPath, ['build.mjs'], options);
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], options);
  const [packed] = JSON.parse(output) as { files: { path: string }[] }[];
  const paths = packed?.files.map(({ path }) => path) ?? [];
  const about = ['LICENSE', 'README.md', 'package.json'];
  expect(paths).toEqual(expect.arrayContaining([...about, 'dist/index.js', 'dist/index.d.ts']));
  const others = paths.filter((path) => !about.includes(path) && path !== 'dist/index.js');
  expect(others.filter((path) => !/^dist\/\w+\.d\.ts$/.test(path))).toEqual([]);

  const manifest = JSON.parse(read('package.json')) as Record<string, unknown>;
  expect(manifest).not.toHaveProperty('private');
  expect(manifest).not.toHaveProperty('dependencies');
  const file = pathToFileURL(`${folder}dist/index.js`).href;
  const built = (await import(/* @vite-ignore */ file)) as Record<string, unknown>;
  expect(Object.keys(built)).toEqual(expect.arrayContaining(['IrisClient', 'openDevices']));
}, 60_000);
