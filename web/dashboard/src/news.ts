/** What happened, in sentences (pure). */
import { type Events } from './api.js';
import { bitrate, duration } from './units.js';
import { KIND_WORDS, causeWords, evidenceWords } from './verdicts.js';

/** Everything of the stream but the numbers of each second. */
export type NewsName = Exclude<keyof Events, 'rates'>;

export interface News {
  atMs: number;
  /** Null: the node. */
  room: string | null;
  words: string;
  isTrouble: boolean;
}

const LEFT: Record<string, string> = {
  left: 'left',
  timeout: 'was lost (nothing came any more)',
  removed: 'was removed',
  disconnected: 'was disconnected',
  replaced: 'came again from another place',
  drained: 'was sent away by the drain',
};

/** The names of people: events of somebody who is there tell only the id. */
export class Names {
  #names = new Map<string, string>();

  /** Somebody's name, from an event or from a room. */
  learn(id: string, name: string): void {
    this.#names.set(id, name);
  }

  /** They have gone: nothing of them comes any more. */
  forget(id: string): void {
    this.#names.delete(id);
  }

  /** The name, or the id if it was never heard. */
  of(id: string): string {
    return this.#names.get(id) ?? id;
  }
}

type Sentence = Omit<News, 'atMs'>;

const SENTENCES: { [N in NewsName]: (data: Events[N], names: Names) => Sentence } = {
  room_opened: ({ room }) => ({ room, words: 'The room opened', isTrouble: false }),
  room_closed: ({ room }) => ({ room, words: 'The room closed', isTrouble: false }),
  joined: ({ room, participant }) => ({
    room,
    words: `${participant.name} joined`,
    isTrouble: false,
  }),
  left: ({ room, id, reason }, names) => ({
    room,
    words: `${names.of(id)} ${LEFT[reason] ?? `left: ${reason}`}`,
    isTrouble: reason === 'timeout',
  }),
  limit: (data, names) => ({
    room: data.room,
    words: `${names.of(data.participant)} sends too much: ${KIND_WORDS[data.kind].toLowerCase()} ${bitrate(data.measured_bps)}, the contract is ${bitrate(data.limit_bps)}`,
    isTrouble: true,
  }),
  verdict: (data, names) => verdictSentence(data, names),
  worker_overload: ({ worker, overloaded, evidence }) => ({
    room: null,
    words: overloaded
      ? `Worker ${worker} is overloaded: ${evidence.name} ${evidence.value}`
      : `Worker ${worker} is no longer overloaded`,
    isTrouble: overloaded,
  }),
  draining: ({ draining, deadline_ms }) => ({
    room: null,
    words: draining ? `The node drains, ${duration((deadline_ms ?? 0) / 1000)} left` : 'No drain',
    isTrouble: draining,
  }),
};

function verdictSentence({ room, participant, mid, verdict }: Events['verdict'], names: Names) {
  const who = names.of(participant) + (mid === null ? '' : `, slot ${mid}`);
  const why = [
    causeWords(verdict.cause),
    evidenceWords(verdict.evidence, (id) => names.of(id)),
  ].filter((part) => part !== '');
  const isTrouble = verdict.quality !== 'good';
  const words = `${who}: ${verdict.quality}${isTrouble ? ` (${why.join('; ')})` : ' again'}`;
  return { room, words, isTrouble };
}

/** One event as a sentence. */
export function newsOf<N extends NewsName>(
  name: N,
  data: Events[N],
  atMs: number,
  names: Names,
): News {
  const sentence: (data: Events[N], names: Names) => Sentence = SENTENCES[name];
  return { atMs, ...sentence(data, names) };
}

/** Whether the stream's event is news; its name may be one that the page does not know. */
export function isNews(name: string): name is NewsName {
  return Object.hasOwn(SENTENCES, name);
}
