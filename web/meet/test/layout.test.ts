import { describe, expect, it } from 'vitest';
import { arrange, grid, type Box, type Size } from '../src/layout.js';

const DESKTOP: Size = { width: 1256, height: 580 };
const PHONE: Size = { width: 344, height: 610 };
const SIDEWAYS: Size = { width: 664, height: 344 };
const AREAS = { DESKTOP, PHONE, SIDEWAYS };

function overlap(a: Box, b: Box): boolean {
  const isApart =
    a.left + a.width <= b.left ||
    b.left + b.width <= a.left ||
    a.top + a.height <= b.top ||
    b.top + b.height <= a.top;
  return !isApart;
}

function expectInside(boxes: Box[], area: Size): void {
  for (const box of boxes) {
    expect(box.left).toBeGreaterThanOrEqual(0);
    expect(box.top).toBeGreaterThanOrEqual(0);
    expect(box.left + box.width).toBeLessThanOrEqual(area.width + 1);
    expect(box.top + box.height).toBeLessThanOrEqual(area.height + 1);
    expect(box.width).toBeGreaterThan(0);
    expect(box.height).toBeGreaterThan(0);
  }
}

function expectApart(boxes: Box[]): void {
  boxes.forEach((a, i) => {
    for (const b of boxes.slice(i + 1)) expect(overlap(a, b)).toBe(false);
  });
}

describe.each(Object.entries(AREAS))('%s', (_, area) => {
  it.each([1, 2, 3, 4, 5])('%i tiles of a grid lie inside, apart and equal', (count) => {
    const boxes = grid(area, count);
    expect(boxes).toHaveLength(count);
    expectInside(boxes, area);
    expectApart(boxes);
    expect(new Set(boxes.map((b) => `${b.width}x${b.height}`)).size).toBe(1);
  });

  it.each([1, 2, 3, 4, 5])('%i tiles are cropped little', (count) => {
    for (const { width, height } of grid(area, count)) {
      expect(width / height).toBeGreaterThan(0.7);
      expect(width / height).toBeLessThan(1.65);
    }
  });

  it.each([0, 1, 2, 3, 4])('a stage with %i others shares no pixel', (others) => {
    const { main, others: strip, own } = arrange(area, { others, hasMain: true });
    expect(strip).toHaveLength(others);
    const all = [...(main ? [main] : []), ...strip, own];
    expectInside(all, area);
    expectApart(all);
  });

  it('the stage gets most of the area', () => {
    const { main } = arrange(area, { others: 4, hasMain: true });
    const share = ((main?.width ?? 0) * (main?.height ?? 0)) / (area.width * area.height);
    expect(share).toBeGreaterThan(0.7);
  });
});

it.each([
  { area: DESKTOP, count: 2, rows: 1 },
  { area: DESKTOP, count: 3, rows: 1 },
  { area: DESKTOP, count: 4, rows: 2 },
  { area: PHONE, count: 2, rows: 2 },
  { area: PHONE, count: 4, rows: 2 },
  { area: SIDEWAYS, count: 2, rows: 1 },
])('$count tiles in $area.width x $area.height stand in $rows rows', ({ area, count, rows }) => {
  expect(new Set(grid(area, count).map((box) => box.top)).size).toBe(rows);
});

it('the last row stands in the middle', () => {
  const boxes = grid({ width: 1000, height: 1000 }, 3);
  const [first, second, third] = boxes as [Box, Box, Box];
  expect(second.top).toBe(first.top);
  expect(third.top).toBeGreaterThan(first.top);
  expect(Math.abs(third.left + third.width / 2 - 500)).toBeLessThanOrEqual(1);
});

it('alone, one sees oneself large; with others, small in the lower right corner', () => {
  const alone = arrange(DESKTOP, { others: 0, hasMain: false });
  expect(alone.own.height).toBe(DESKTOP.height);
  const { own } = arrange(DESKTOP, { others: 1, hasMain: false });
  expect(own.width).toBeLessThan(DESKTOP.width / 4);
  expect(own.left + own.width).toBe(DESKTOP.width - 10);
  expect(own.top + own.height).toBe(DESKTOP.height - 10);
});

it('an area without size breaks nothing', () => {
  for (const hasMain of [true, false]) {
    const { main, others, own } = arrange({ width: 0, height: 0 }, { others: 4, hasMain });
    for (const box of [...(main ? [main] : []), ...others, own]) {
      for (const value of Object.values(box)) expect(Number.isFinite(value)).toBe(true);
      expect(box.width).toBeGreaterThanOrEqual(0);
      expect(box.height).toBeGreaterThanOrEqual(0);
    }
  }
});
