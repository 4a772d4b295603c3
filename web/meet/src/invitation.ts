/**
 * What the address of the page says: `/?room=NAME#token=JWT`. The token stands in the fragment, which browsers never
 * send to a server. Its claims are read here only to fill in the form; what they are worth is the server's business.
 */

/** The address, read. */
export interface Invitation {
  room: string;
  name: string;
  token: string | null;
  /** When the token ends [ms since 1970]; null without a token or a time. */
  expiresMs: number | null;
  /** Whether the token holds for this one room only. */
  isRoomFixed: boolean;
  isAutojoin: boolean;
}

/** Read `search` and `hash` of a location. */
export function readInvitation(search: string, hash: string): Invitation {
  const query = new URLSearchParams(search);
  const token = new URLSearchParams(hash.replace(/^#/, '')).get('token') || null;
  const claims = token ? readClaims(token) : {};
  const claimedRoom = textClaim(claims, 'room');
  const fixedRoom = claimedRoom === '*' ? '' : claimedRoom;
  const expires = claims['exp'];
  return {
    room: fixedRoom || query.get('room') || '',
    name: query.get('name') ?? textClaim(claims, 'name'),
    token,
    expiresMs: typeof expires === 'number' ? expires * 1000 : null,
    isRoomFixed: fixedRoom !== '',
    isAutojoin: query.get('autojoin') === '1',
  };
}

/** The address to give to others: without one's own token, which is personal. */
export function invitationLink(origin: string, room: string): string {
  return `${origin}/?room=${encodeURIComponent(room)}`;
}

function textClaim(claims: Record<string, unknown>, key: string): string {
  const value = claims[key];
  return typeof value === 'string' ? value : '';
}

/** The middle part of a JWT; empty if it is none. */
function readClaims(token: string): Record<string, unknown> {
  try {
    const part = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
