/**
 * What a token says of its owner's rights, before the server has answered: only to put the lines of an offer into an
 * order that browsers can take. Nothing is decided by it, and nothing verified.
 */
import type { TrackKind } from './peer.js';
import type { MediaKind } from './protocol.js';

/** What an offer begins with: the line that sends one kind, or those that receive. */
export type FirstLine = TrackKind | 'slots';

/** What the server will not refuse, as far as the token can be read: Chromium gives up every line with the first. */
export function firstLine(token: string | undefined): FirstLine {
  const { publish, subscribe } = claimsOf(token);
  const mayPublish = (kind: MediaKind) => !Array.isArray(publish) || publish.includes(kind);
  if (mayPublish('audio')) return 'microphone';
  if (mayPublish('camera')) return 'camera';
  return subscribe === false && mayPublish('screen') ? 'screen' : 'slots';
}

function claimsOf(token: string | undefined): { publish?: unknown; subscribe?: unknown } {
  try {
    const [, payload = ''] = (token ?? '').split('.');
    const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    return (JSON.parse(bytes) as object | null) ?? {};
  } catch {
    return {};
  }
}
