/**
 * Server-sent events from pieces of text (WHATWG HTML, section 9.2.6), as far as this server writes them: no ids, lines that
 * end in a line feed. When to come back is the page's decision: `retry` is left out.
 */

export interface ServerEvent {
  event: string;
  data: string;
}

export class SseParser {
  #rest = '';
  #event = '';
  #data: string[] = [];

  /** The next piece, however it is cut. @returns the events that it completes */
  feed(piece: string): ServerEvent[] {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line.replace(/\r$/, '')));
  }

  #line(line: string): ServerEvent[] {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    if (field === 'data') this.#data.push(value);
    return [];
  }

  #dispatch(): ServerEvent[] {
    const event = { event: this.#event || 'message', data: this.#data.join('\n') };
    const hasData = this.#data.length > 0;
    this.#event = '';
    this.#data = [];
    return hasData ? [event] : [];
  }
}
