/** When the browser's network counts as changed. */
import { beforeEach, expect, test, vi } from 'vitest';
import { watchNetwork, type NetworkChange } from '../src/network.js';

let page: EventTarget;
let connection: EventTarget & { type?: string };
let seen: NetworkChange[];

beforeEach(() => {
  page = new EventTarget();
  connection = new EventTarget();
  seen = [];
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('navigator', { connection });
});

function change(type?: string): void {
  if (type !== undefined) connection.type = type;
  connection.dispatchEvent(new Event('change'));
}

test('back online is a change, until one stops watching', () => {
  const stop = watchNetwork((what) => seen.push(what));
  page.dispatchEvent(new Event('online'));
  stop();
  page.dispatchEvent(new Event('online'));
  change();
  expect(seen).toEqual(['changed']);
});

test('where the kind of connection is known, only another kind is a change', () => {
  connection.type = 'wifi';
  watchNetwork((what) => seen.push(what));
  change('wifi');
  change('cellular');
  change('cellular');
  change('wifi');
  expect(seen).toEqual(['changed', 'changed']);
});

test('where it is not known, every sign is only a maybe', () => {
  watchNetwork((what) => seen.push(what));
  change();
  expect(seen).toEqual(['maybe']);
});

test('outside of a page, and in browsers that do not tell, nothing is watched', () => {
  vi.stubGlobal('navigator', {});
  watchNetwork((what) => seen.push(what))();
  vi.stubGlobal('addEventListener', undefined);
  watchNetwork((what) => seen.push(what))();
  expect(seen).toEqual([]);
});
