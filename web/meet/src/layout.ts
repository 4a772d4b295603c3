/**
 * Where each tile stands: a pure function from the area and the number of tiles to boxes in pixels. Without a main
 * picture the others share a grid and one's own picture floats in a corner; with one (a shared screen, a pinned
 * person) it fills the stage and everyone else, oneself last, stands in a film strip beside or below it.
 */

/** Pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Pixels, from the upper left corner of the area. */
export interface Box extends Size {
  left: number;
  top: number;
}

/** What has to be placed. */
export interface Wish {
  /** Tiles of other people, the main one not counted. */
  others: number;
  hasMain: boolean;
}

/** A box for everything; `own` is always there. */
export interface Arrangement {
  main: Box | null;
  others: Box[];
  own: Box;
}

const GAP = 10;

/** Cameras are 4:3; wider than this and heads are cut off. */
const WIDEST = 1.6;
/** Narrower than this and shoulders are; a phone held upright may go further, since it has nothing else to offer. */
const NARROWEST = 1;
const NARROWEST_UPRIGHT = 0.72;
const STRIP_NARROWEST = 0.85;
const CAMERA = 4 / 3;

/** Place everything in `area`. */
export function arrange(area: Size, wish: Wish): Arrangement {
  const size = { width: Math.max(0, area.width), height: Math.max(0, area.height) };
  if (wish.hasMain) return stageWithStrip(size, wish.others);
  if (wish.others === 0) return { main: null, others: [], own: grid(size, 1)[0] ?? empty() };
  return { main: null, others: grid(size, wish.others), own: corner(size) };
}

/** `count` equal tiles as large as they can be, the last row in the middle. */
export function grid(area: Size, count: number): Box[] {
  let best: Size = { width: 0, height: 0 };
  let bestColumns = 1;
  let bestScore = -1;
  for (let columns = 1; columns <= count; columns++) {
    const tile = tileSize(area, columns, Math.ceil(count / columns));
    const score = tile.width * tile.height;
    if (score <= bestScore) continue;
    [best, bestColumns, bestScore] = [tile, columns, score];
  }
  return rows(area, count, bestColumns, best);
}

function tileSize(area: Size, columns: number, rowCount: number): Size {
  const width = Math.max(0, (area.width - GAP * (columns - 1)) / columns);
  const height = Math.max(0, (area.height - GAP * (rowCount - 1)) / rowCount);
  const narrowest = area.height > area.width ? NARROWEST_UPRIGHT : NARROWEST;
  return {
    width: Math.floor(Math.min(width, height * WIDEST)),
    height: Math.floor(Math.min(height, width / narrowest)),
  };
}

function rows(area: Size, count: number, columns: number, tile: Size): Box[] {
  const rowCount = Math.ceil(count / columns);
  const top = (area.height - rowCount * tile.height - GAP * (rowCount - 1)) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = (area.width - inRow * tile.width - GAP * (inRow - 1)) / 2;
    return {
      left: Math.round(left + (index % columns) * (tile.width + GAP)),
      top: Math.round(top + row * (tile.height + GAP)),
      ...tile,
    };
  });
}

/** One's own picture, small, lower right: names stand lower left. */
function corner(area: Size): Box {
  const width = Math.round(clamp(area.width * 0.17, 92, 210));
  const height = Math.round(width / CAMERA);
  const left = Math.max(0, area.width - width - GAP);
  return { left, top: Math.max(0, area.height - height - GAP), width, height };
}

function stageWithStrip(area: Size, others: number): Arrangement {
  const isBeside = area.width >= area.height;
  const strip = filmStrip(area, others + 1, isBeside);
  const own = strip.pop() ?? empty();
  const main = isBeside
    ? { left: 0, top: 0, width: Math.max(0, own.left - GAP), height: area.height }
    : { left: 0, top: 0, width: area.width, height: Math.max(0, own.top - GAP) };
  return { main, others: strip, own };
}

/** Tiles in one line at the right or at the bottom edge, centred; the more there are, the smaller. */
function filmStrip(area: Size, count: number, isBeside: boolean): Box[] {
  const length = isBeside ? area.height : area.width;
  const fitting = Math.max(0, (length - GAP * (count - 1)) / count);
  const thickest = isBeside
    ? clamp(area.width * 0.19, 110, 230)
    : clamp(area.height * 0.18, 70, 150);
  const along = Math.floor(Math.min(fitting, isBeside ? thickest / CAMERA : thickest * CAMERA));
  const across = Math.round(
    Math.min(thickest, isBeside ? along * WIDEST : along / STRIP_NARROWEST),
  );
  const start = (length - along * count - GAP * (count - 1)) / 2;
  return Array.from({ length: count }, (_, index) => {
    const offset = Math.round(start + index * (along + GAP));
    return isBeside
      ? { left: area.width - across, top: offset, width: across, height: along }
      : { left: offset, top: area.height - across, width: along, height: across };
  });
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function empty(): Box {
  return { left: 0, top: 0, width: 0, height: 0 };
}
