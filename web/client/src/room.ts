/**
 * Who is in the room and what the slots carry, as the server tells it; nothing is guessed. Each change gives back the
 * events that it means, so that whoever emits them decides when.
 */
import type { ClientEvents } from './options.js';
import type { Notifications, Participant, Slot } from './protocol.js';

/** The events of people coming, going and changing. */
type RoomEvent = 'participant_joined' | 'participant_updated' | 'participant_left';

/** An event that is due. */
export type RoomChange = {
  [K in RoomEvent]: { event: K; value: ClientEvents[K] };
}[RoomEvent];

/** The room as we know it. */
export class RoomState {
  readonly #participants = new Map<string, Participant>();
  slots: Slot[] = [];

  /** The lines on which something steady must be arriving: live voices and cameras. A screen may stand still. */
  get liveMids(): string[] {
    return this.slots
      .filter(({ kind, state }) => kind !== 'screen' && state === 'live')
      .map(({ mid }) => mid);
  }

  /** Everyone else, by id. */
  get participants(): ReadonlyMap<string, Participant> {
    return this.#participants;
  }

  /**
   * Take over the whole picture, as `join` and `resume` give it.
   *
   * @returns the differences: who left, who joined, who changed, in this order
   */
  replace(participants: Participant[], slots: Slot[]): RoomChange[] {
    const now = new Map(participants.map((participant) => [participant.id, participant]));
    const left: RoomChange[] = [];
    for (const [id, participant] of this.#participants) {
      // Nobody told us why; not having been heard of is what the server calls disconnected.
      if (!now.has(id)) left.push(leaving(participant, 'disconnected'));
    }
    const known = new Map(this.#participants);
    this.#participants.clear();
    const joined: RoomChange[] = [];
    const updated: RoomChange[] = [];
    for (const [id, participant] of now) {
      this.#participants.set(id, participant);
      const before = known.get(id);
      if (!before) joined.push({ event: 'participant_joined', value: participant });
      else if (!isSame(before, participant)) {
        updated.push({ event: 'participant_updated', value: participant });
      }
    }
    this.slots = slots;
    return [...left, ...joined, ...updated];
  }

  /** Somebody came, or changed; whoever is new to us has joined, whatever the notification is called. */
  put(participant: Participant): RoomChange {
    const isKnown = this.#participants.has(participant.id);
    this.#participants.set(participant.id, participant);
    return { event: isKnown ? 'participant_updated' : 'participant_joined', value: participant };
  }

  /** Somebody left. Null if we never knew them. */
  remove({ id, reason }: Notifications['participant_left']): RoomChange | null {
    const participant = this.#participants.get(id);
    if (!participant) return null;
    this.#participants.delete(id);
    return leaving(participant, reason);
  }

  /** Take over a list of slots. @returns whether anything in it is new */
  setSlots(slots: Slot[]): boolean {
    const isNew = !isSame(this.slots, slots);
    this.slots = slots;
    return isNew;
  }
}

function leaving(
  participant: Participant,
  reason: ClientEvents['participant_left']['reason'],
): RoomChange {
  return { event: 'participant_left', value: { participant, reason } };
}

/** Both come from the same server, which writes fields in the same order; a difference in order costs one event. */
function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
