/**
 * What a token says of its owner's rights, before the server has answered: only to put the lines of an offer into an
 * order that browsers can take. Nothing is decided by it, and nothing verified.
 */
import type { MediaKind } from './protocol.js';

/** The kinds that a token lets one send; null, all of them, where there is none or it cannot be read. */
export function publishableKinds(token: string | undefined): readonly MediaKind[] | null {
  try {
    const [, payload = ''] = (token ?? '').split('.');
    const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const { publish } = JSON.parse(bytes) as { publish?: unknown };
    return Array.isArray(publish) ? publish : null;
  } catch {
    return null;
  }
}
