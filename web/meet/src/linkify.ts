/** Finds web addresses in what people write. Only http and https become links; everything else stays text. */

/** A piece of a message; `href` if it is a link. */
export interface Segment {
  text: string;
  href?: string;
}

const CANDIDATE = /\bhttps?:\/\/[^\s<>"']+/giu;

/** What ends a sentence rather than an address. */
const TRAILING = /[.,;:!?)\]}]+$/u;

/** Cut `text` into links and the text between them; joined again they give `text`. */
export function linkify(text: string): Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const address = match[0].replace(TRAILING, '');
    const href = safeAddress(address);
    if (!href) continue;
    if (match.index > end) segments.push({ text: text.slice(end, match.index) });
    segments.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) segments.push({ text: text.slice(end) });
  return segments;
}

function safeAddress(address: string): string | null {
  try {
    const url = new URL(address);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
  } catch {
    return null;
  }
}
