/** The conversation, as data: what was said, by whom, to whom, and how much of it has not been read. */
import type { Json } from '@iris/client';

/** One message. Names are those at the time, since people leave and change them. */
export interface ChatEntry {
  from: string;
  isOwn: boolean;
  /** The other side of a private message; null for the whole room. */
  privateWith: string | null;
  text: string;
  /** Wall clock [ms]. */
  atMs: number;
}

/** Older entries are forgotten, so that a day of chatting does not slow the page down. */
export const MAX_ENTRIES = 500;

/** The server's limit of `data` as JSON [bytes]. */
const MAX_DATA_BYTES = 16 * 1024;

/** Entries and the unread count. */
export class ChatLog {
  readonly #entries: ChatEntry[] = [];
  #unread = 0;

  /** Oldest first. */
  get entries(): readonly ChatEntry[] {
    return this.#entries;
  }

  /** Messages of others since the chat was last looked at. */
  get unread(): number {
    return this.#unread;
  }

  /** @param isSeen  whether the chat is open */
  add(entry: ChatEntry, isSeen: boolean): void {
    this.#entries.push(entry);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    if (!isSeen && !entry.isOwn) this.#unread++;
  }

  /** The chat is being looked at. */
  markRead(): void {
    this.#unread = 0;
  }
}

/** The text of a message's data, or null: other clients may send what is not chat. */
export function chatText(data: Json): string | null {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const text = data['text'];
  return typeof text === 'string' && text.trim() !== '' ? text : null;
}

/** Whether the server would take `text`. */
export function fitsMessage(text: string): boolean {
  return new TextEncoder().encode(JSON.stringify({ text })).length <= MAX_DATA_BYTES;
}
