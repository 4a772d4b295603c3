/** Lines over time as an SVG, one panel above the other. */

const [WIDTH, PANEL, LEFT, MARGIN, GAP] = [960, 220, 60, 20, 40];
const COLOURS = ['#888', '#c33', '#27c', '#292', '#a5a', '#d80'];

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {[x: number, y: number][]} points
 *
 * @typedef {object} Panel
 * @property {string} title  with the unit
 * @property {Line[]} lines
 */

/** @param {number[]} values */
const largest = (values) => Math.max(1e-9, ...values);

/** @param {Panel} panel @param {number} index @param {number} right  largest x */
function drawPanel({ title, lines }, index, right) {
  const top = GAP + index * (PANEL + GAP);
  const highest = 1.05 * largest(lines.flatMap(({ points }) => points.map(([, y]) => y)));
  const toX = (/** @type {number} */ x) =>
    (LEFT + (x / right) * (WIDTH - LEFT - MARGIN)).toFixed(1);
  const toY = (/** @type {number} */ y) => (top + PANEL * (1 - y / highest)).toFixed(1);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const [x, y] = [toX(share * right), toY(share * highest)];
    return (
      `<path d="M${LEFT} ${y}H${WIDTH - MARGIN}" stroke="#ddd"/>` +
      `<text x="${LEFT - 6}" y="${y}" text-anchor="end">${Math.round(share * highest)}</text>` +
      `<text x="${x}" y="${top + PANEL + 14}" text-anchor="middle">${Math.round(share * right)} s</text>`
    );
  });
  const drawn = lines.map(({ name, points }, i) => {
    const path = points.map(([x, y]) => `${toX(x)} ${toY(y)}`).join('L');
    const colour = COLOURS[i % COLOURS.length];
    return (
      `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>` +
      `<text x="${LEFT + 300 + 110 * i}" y="${top - 8}" fill="${colour}">${name}</text>`
    );
  });
  const heading = `<text x="${LEFT}" y="${top - 8}" font-weight="bold">${title}</text>`;
  return [heading, ...grid, ...drawn].join('\n');
}

/** @param {Panel[]} panels @returns {string} */
export function drawChart(panels) {
  const height = GAP + panels.length * (PANEL + GAP);
  const right = largest(panels.flatMap((p) => p.lines.flatMap((l) => l.points.map(([x]) => x))));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...panels.map((panel, i) => drawPanel(panel, i, right)),
    '</svg>\n',
  ].join('\n');
}
