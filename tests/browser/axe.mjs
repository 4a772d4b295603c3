/** What axe-core finds wrong for people with assistive technology. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check } from './report.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** @param {import('./participant.mjs').Participant} who @param {string} what  is shown */
export async function checkAxe(who, what) {
  await who.page.run(AXE);
  const found = await who.page.evaluate(async () => {
    const axe = /** @type {typeof import('axe-core')} */ (/** @type {any} */ (window).axe);
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      where: nodes.map((node) => node.target.join(' ')),
    }));
  });
  const bad = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const rest = found.filter((violation) => !bad.includes(violation)).map(({ id }) => id);
  const detail = bad.map(({ id, impact, where }) => `${impact} ${id} at ${where.join(', ')}`);
  check(
    bad.length === 0,
    `${who.browser}: axe finds nothing serious in ${what}`,
    [...detail, ...(rest.length > 0 ? [`minor: ${rest.join(', ')}`] : [])].join('; '),
  );
}
