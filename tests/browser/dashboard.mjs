/**
 * The operators' page: what is done with it, and what an operator sees at one moment. {@link readDashboard} and its like are
 * evaluated inside the page, so they may use nothing from this file but types.
 */

/** @typedef {import('./participant.mjs').Participant} Participant */

const SOON_MS = 5_000;

/**
 * Look until it is as wanted or the time is up.
 *
 * @param {Participant} who
 * @param {(look: DashboardLook) => boolean} isGood
 * @param {number} [timeoutMs]
 * @returns {Promise<DashboardLook>}  the last look
 */
export function until(who, isGood, timeoutMs = SOON_MS) {
  return who.waitFor(readDashboard, isGood, timeoutMs);
}

/** @param {Participant} who @param {string} address  of a view: `#/node` */
export async function go(who, address) {
  await who.page.evaluate((hash) => void (location.hash = hash), address);
}

/**
 * @typedef {object} PersonRow
 * @property {string} id
 * @property {string} name
 *
 * @typedef {object} MatrixLook
 * @property {string[]} columns  headings but the first
 * @property {{ name: string, cells: string[] }[]} rows  first lines of the cells
 *
 * @typedef {object} DashboardLook
 * @property {string} view        rooms, node or room
 * @property {string} connection  connecting, live, waiting or retrying
 * @property {string} state       of the view: loading, empty, unfound, ready, gone, error
 * @property {string} note  what stands in place of the view; empty if nothing does
 * @property {Record<string, string>} facts  the numbers at the top, by id
 * @property {string[][]} rooms   cells of each row
 * @property {string[][]} workers
 * @property {PersonRow[]} people
 * @property {string[]} why       of each of them, why it is not good
 * @property {MatrixLook} senders
 * @property {MatrixLook} slots
 * @property {string[]} news
 * @property {string[]} charts    legends as they are read out
 * @property {string} offline     empty if it is not shown
 * @property {string} drain       likewise
 * @property {string} outcome
 * @property {string} focused     text of what has the focus
 */

/** @returns {DashboardLook} */
function readDashboard() {
  const words = (/** @type {Element | null | undefined} */ element) =>
    (element?.textContent ?? '').replace(/\s+/g, ' ').trim();
  const seen = (/** @type {string} */ selector) => {
    const element = document.querySelector(selector);
    return element?.checkVisibility() ? words(element) : '';
  };
  const all = (/** @type {string} */ selector) =>
    [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
  const cells = (/** @type {string} */ table) =>
    all(`#${table} tbody tr`).map((row) => [...row.children].map(words));
  const matrix = (/** @type {string} */ table) => ({
    columns: all(`#${table} thead th`).slice(1).map(words),
    rows: all(`#${table} tbody tr`).map((row) => ({
      name: words(row.querySelector('th')),
      cells: [...row.querySelectorAll('td b')].map(words),
    })),
  });
  const { view = '', connection = '' } = document.body.dataset;
  return {
    view,
    connection,
    state: document.getElementById(`${view}-view`)?.dataset['state'] ?? '',
    note: all('main .note').map(words).join(' '),
    facts: Object.fromEntries(
      all('.fact').map((fact) => [
        fact.id.replace('fact-', ''),
        words(fact.querySelector('.fact-value')),
      ]),
    ),
    rooms: cells('rooms'),
    workers: cells('workers'),
    people: all('#people tbody tr').map((row) => ({
      id: /** @type {HTMLElement} */ (row).dataset['participant'] ?? '',
      name: words(row.querySelector('button')),
    })),
    why: all('#people tbody .why').map(words),
    senders: matrix('senders'),
    slots: matrix('slots'),
    news: all('.news li').map(words),
    charts: all('.chart .legend li').map(words),
    offline: seen('#offline'),
    drain: seen('#drain-banner'),
    outcome: `${words(document.getElementById('outcome'))}${words(document.getElementById('problem'))}`,
    focused: words(document.activeElement),
  };
}

/** From now on, write down what moves by itself and what keeps the page busy (Chromium). */
export function watchSmoothness() {
  const seen = { shift: 0, longest: 0, busyMs: 0 };
  /** @type {any} */ (window).smoothness = seen;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.shift += /** @type {any} */ (entry).value;
  }).observe({ type: 'layout-shift' });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      seen.longest = Math.max(seen.longest, duration);
      seen.busyMs += duration;
    }
  }).observe({ type: 'longtask' });
}

/**
 * @returns {{ shift: number, longest: number, busyMs: number }}  layout shift; of tasks above 50 ms the longest, and all
 *   together [ms]
 */
export function readSmoothness() {
  return /** @type {any} */ (window).smoothness;
}
