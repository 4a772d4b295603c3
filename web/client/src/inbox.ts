/**
 * What each notification changes, and which events it means. A function of the notification and of what we know; the
 * end of the connection (`closing`) is the session's own affair.
 */
import type { ClientEvents, SlotWithTrack } from './options.js';
import type { OwnState } from './own.js';
import type { Notification, Participant } from './protocol.js';
import type { RoomState } from './room.js';

/** An event that is due. */
export type Due = {
  [K in keyof ClientEvents]: { event: K; value: ClientEvents[K] };
}[keyof ClientEvents];

/** What notifications change. */
export interface Inbox {
  /** Our own participant id. */
  id: string | null;
  room: RoomState;
  own: OwnState;
  /** The slots of `room` with their tracks. */
  slots(): SlotWithTrack[];
}

/** Take a notification into the state. @returns the events to emit, in order */
export function take(
  notification: Exclude<Notification, { method: 'closing' }>,
  inbox: Inbox,
): Due[] {
  const { room } = inbox;
  switch (notification.method) {
    case 'participant_joined':
    case 'participant_updated': {
      const { participant } = notification.params;
      return participant.id === inbox.id ? onOwn(participant, inbox) : [room.put(participant)];
    }
    case 'participant_left': {
      const change = room.remove(notification.params);
      return change ? [change] : [];
    }
    case 'slots':
      room.setSlots(notification.params.slots);
      return [{ event: 'slots', value: inbox.slots() }];
    case 'speakers':
      return [{ event: 'speakers', value: notification.params.speakers }];
    case 'quality':
      return [{ event: 'quality', value: notification.params.verdict }];
    case 'limit':
    case 'message':
    case 'draining':
      return [{ event: notification.method, value: notification.params } as Due];
    default:
      return [{ event: 'notification', value: notification }];
  }
}

/**
 * The server tells us of ourselves only when somebody else changed something: a moderator, or whoever shares a screen
 * instead of us. One screen is shared at a time, and the server names the new sharer before the one replaced.
 */
function onOwn(participant: Participant, { own, room }: Inbox): Due[] {
  const sharer = [...room.participants.values()].find((other) => other.screen_sharing);
  return own
    .onModerated(participant)
    .map((kind) =>
      kind === 'screen' && sharer
        ? { event: 'muted', value: { kind, by: 'sharer', participant: sharer } }
        : { event: 'muted', value: { kind, by: 'moderator' } },
    );
}
