import { expect, it } from 'vitest';
import { commandOf, SHORTCUTS, type KeyPress } from '../src/keyboard.js';

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  ...more,
});

it.each([
  ['m', 'microphone'],
  ['M', 'microphone'],
  ['v', 'camera'],
  ['s', 'screen'],
  ['c', 'chat'],
  ['p', 'people'],
  ['Escape', 'close'],
  ['?', 'help'],
  ['x', null],
  ['Enter', null],
])('%s means %s', (key, command) => {
  expect(commandOf(press(key), false)).toBe(command);
});

it('letters are text while one types; Escape is not', () => {
  expect(commandOf(press('m'), true)).toBeNull();
  expect(commandOf(press('?'), true)).toBeNull();
  expect(commandOf(press('Escape'), true)).toBe('close');
});

it.each(['ctrlKey', 'altKey', 'metaKey', 'repeat'] as const)(
  'with %s it is the browser’s',
  (key) => {
    expect(commandOf(press('c', { [key]: true }), false)).toBeNull();
  },
);

it('every command has one key', () => {
  expect(new Set(SHORTCUTS.map((s) => s.command)).size).toBe(SHORTCUTS.length);
});
