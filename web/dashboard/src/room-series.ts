/** The last minutes of everyone in a room that is looked at: the server keeps none, so they begin with the look. */
import { type Participant, type Room } from './api.js';
import { Series } from './series.js';

/** The lines of one participant. */
export interface PersonSeries {
  /** Sent to them, estimate of their network, received from them [bit/s]. */
  bitrate: Series;
  /** On the way to them, and the worst layer from them, before repair, 0 to 1. */
  loss: Series;
  /** Round trip [us]. */
  rtt: Series;
}

/** The layer that loses most; null if nothing is known of any. */
export function worstUplinkLoss({ uplink }: Participant): number | null {
  const known = uplink.tracks
    .flatMap(({ layers }) => layers)
    .flatMap(({ live, loss }) => (live && loss !== null ? [loss] : []));
  return known.length > 0 ? Math.max(...known) : null;
}

export class RoomSeries {
  #people = new Map<string, PersonSeries>();

  /** A second of the room; who has gone is forgotten. */
  add(room: Room, nowMs: number): void {
    const there = new Set(room.participants.map(({ id }) => id));
    for (const id of this.#people.keys()) if (!there.has(id)) this.#people.delete(id);
    for (const participant of room.participants) this.#addPerson(participant, nowMs / 1000);
  }

  /** Undefined: nobody of this id. */
  of(id: string): PersonSeries | undefined {
    return this.#people.get(id);
  }

  #addPerson(participant: Participant, atS: number): void {
    const { id, uplink, downlink } = participant;
    const series = this.#people.get(id) ?? {
      bitrate: new Series(3),
      loss: new Series(2),
      rtt: new Series(1),
    };
    this.#people.set(id, series);
    series.bitrate.add(atS, [downlink.bitrate_bps, downlink.estimate_bps, uplink.bitrate_bps]);
    series.loss.add(atS, [downlink.loss, worstUplinkLoss(participant)]);
    series.rtt.add(atS, [downlink.rtt_us]);
  }
}
