import { describe, expect, it } from 'vitest';
import { ChatLog, chatText, fitsMessage, MAX_ENTRIES } from '../src/chat-log.js';
import { linkify } from '../src/linkify.js';

const entry = { from: 'Ada', isOwn: false, privateWith: null, text: 'hello', atMs: 0 };

describe('ChatLog', () => {
  it('counts what others wrote while nobody looked', () => {
    const log = new ChatLog();
    log.add(entry, false);
    log.add({ ...entry, isOwn: true }, false);
    log.add(entry, true);
    expect(log.unread).toBe(1);
    log.markRead();
    expect(log.unread).toBe(0);
  });

  it('forgets the oldest', () => {
    const log = new ChatLog();
    for (let i = 0; i <= MAX_ENTRIES; i++) log.add({ ...entry, text: String(i) }, true);
    expect(log.entries).toHaveLength(MAX_ENTRIES);
    expect(log.entries[0]?.text).toBe('1');
  });
});

it.each([
  [{ text: 'hi' }, 'hi'],
  [{ text: '  ' }, null],
  [{ text: 5 }, null],
  [{}, null],
  ['hi', null],
  [null, null],
  [['text'], null],
])('the text of %j is %j', (data, text) => {
  expect(chatText(data)).toBe(text);
});

it('a message fits as long as the server takes it', () => {
  expect(fitsMessage('x'.repeat(16_000))).toBe(true);
  expect(fitsMessage('x'.repeat(16 * 1024))).toBe(false);
  expect(fitsMessage('ü'.repeat(8_200))).toBe(false);
  expect(fitsMessage('"'.repeat(8_200))).toBe(false);
});

describe('linkify', () => {
  it.each([
    ['see https://a.org/x?y=1#z.', ['https://a.org/x?y=1#z']],
    ['(http://a.org/b) and https://c.org!', ['http://a.org/b', 'https://c.org']],
    ['javascript:alert(1) data:text/html,x file:///etc/passwd', []],
    ['https://javascript:alert(1)', []],
    ['<a href="https://a.org">', ['https://a.org']],
    ['no link here', []],
    ['', []],
  ])('%s', (text, links) => {
    const segments = linkify(text);
    expect(segments.map((s) => s.text).join('')).toBe(text);
    expect(segments.filter((s) => s.href).map((s) => s.text)).toEqual(links);
    for (const { href } of segments) if (href) expect(href).toMatch(/^https?:/);
  });
});
