/**
 * Who speaks. The server says so by `speakers`; as long as it has not, the levels that arrive with the sound itself
 * are asked. A voice counts for a little longer than it is heard, so that the ring does not flicker between words.
 */
import type { IrisClient, SlotWithTrack } from '@iris/client';

/** How loud is speaking [-dBov]; a microphone at rest lies around 60 to 90. */
export const SPEAKING_LEVEL = 50;

/** How long a voice counts after it was last heard [ms]. */
export const HOLD_MS = 700;

const POLL_MS = 200;

/** Remembers when each person was last heard. Time is an argument. */
export class SpeakingMemory {
  readonly #heardAtMs = new Map<string, number>();

  /** These people are speaking now. */
  hear(ids: Iterable<string>, nowMs: number): void {
    for (const id of ids) this.#heardAtMs.set(id, nowMs);
  }

  /** Who counts as speaking; forgets the rest. */
  speaking(nowMs: number): Set<string> {
    for (const [id, atMs] of this.#heardAtMs) {
      if (nowMs - atMs >= HOLD_MS) this.#heardAtMs.delete(id);
    }
    return new Set(this.#heardAtMs.keys());
  }
}

/** The level of a source as WebRTC gives it (0 to 1, linear) in -dBov (0 to 127). */
export function toLevel(audioLevel: number): number {
  return audioLevel > 0 ? Math.min(127, Math.max(0, -20 * Math.log10(audioLevel))) : 127;
}

/** Follows a client until disposed of, and calls `onChange` whenever the set of speakers changes. */
export class Speakers {
  readonly #memory = new SpeakingMemory();
  readonly #timer = setInterval(() => this.#tick(), POLL_MS);
  #fromServer: string[] | null = null;
  #current: ReadonlySet<string> = new Set();

  constructor(
    private readonly client: IrisClient,
    private readonly onChange: (speaking: ReadonlySet<string>) => void,
  ) {
    client.on('speakers', (speakers) => {
      this.#fromServer = speakers
        .filter((speaker) => speaker.level <= SPEAKING_LEVEL)
        .map((speaker) => speaker.participant);
      this.#tick();
    });
  }

  /** Who speaks now. */
  get current(): ReadonlySet<string> {
    return this.#current;
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#memory.hear(this.#fromServer ?? heardInSlots(this.client), nowMs);
    const speaking = this.#memory.speaking(nowMs);
    const isSame =
      speaking.size === this.#current.size && [...speaking].every((id) => this.#current.has(id));
    if (isSame) return;
    this.#current = speaking;
    this.onChange(speaking);
  }
}

/** The owners of the audio slots in which something is heard. */
function heardInSlots(client: IrisClient): string[] {
  const receivers = client.connection?.getReceivers() ?? [];
  const isHeard = (slot: SlotWithTrack) => {
    const receiver = receivers.find((candidate) => candidate.track === slot.track);
    if (!receiver) return false;
    const sources = [...receiver.getContributingSources(), ...receiver.getSynchronizationSources()];
    return sources.some((source) => toLevel(source.audioLevel ?? 0) <= SPEAKING_LEVEL);
  };
  return client.slots.flatMap((slot) =>
    slot.kind === 'audio' && slot.state === 'live' && slot.participant && isHeard(slot)
      ? [slot.participant]
      : [],
  );
}
