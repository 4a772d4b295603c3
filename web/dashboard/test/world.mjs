/**
 * A node that is not there: rooms, people and numbers that move, the same for the same seed. It answers as docs/openapi.json
 * says (contract.test.ts).
 */
import { objectOf } from './schema.mjs';

/** @typedef {import('../src/api.js').Participant} Participant */
/** @typedef {import('../src/api.js').Verdict} Verdict */
/** @typedef {import('../src/api.js').Slot} Slot */
/** @typedef {{ name: string, openedS: number, people: { id: string, name: string, joinedS: number }[], trouble: number }} FakeRoom */
/** @typedef {(event: string, data: object) => void} Listener */

const NAMES = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan', 'Frances', 'Donald', 'Radia'];
const TOPICS = ['standup', 'design', 'support', 'board', 'lecture', 'retro', 'sales', 'lab'];
const WORKERS = 4;

/** @type {Verdict} */
const GOOD = { quality: 'good', cause: 'none', evidence: null };

/** Of whom it goes badly in a room: nobody, or the second one. @type {Verdict[]} */
const TROUBLES = [
  GOOD,
  {
    quality: 'fair',
    cause: 'downlink',
    evidence: { what: 'downlink_short', value: 0.31, unit: '0-1', limit: 0.15 },
  },
  {
    quality: 'poor',
    cause: 'downlink',
    evidence: { what: 'downlink_loss', value: 0.19, unit: '0-1', limit: 0.15 },
  },
  {
    quality: 'poor',
    cause: 'publisher_uplink',
    evidence: { what: 'uplink_silence_ms', value: 2600, unit: 'ms', limit: 2000 },
  },
];

/** A generator of the same numbers for the same seed, 0 to 1. @param {number} seed */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export class FakeWorld {
  /** @type {FakeRoom[]} */
  rooms = [];
  /** @type {Set<Listener>} */
  listeners = new Set();
  /** @type {{ deadlineAtMs: number } | null} */
  drain = null;
  /** Calls about a room fail. */
  isBroken = false;
  ticks = 0;
  joins = 0;
  #random;
  /** @type {WeakSet<FakeRoom>} */
  #dumped = new WeakSet();

  /** @param {{ rooms: number, people?: number, seed?: number }} size people: of each room, else 2 to 8 */
  constructor({ rooms, people, seed = 1 }) {
    this.#random = random(seed);
    for (let i = 0; i < rooms; i++) {
      const topic = TOPICS[i % TOPICS.length];
      this.open(`${topic}-${i + 1}`, people ?? 2 + Math.floor(this.#random() * 7));
    }
  }

  /** @param {string} name @param {number} people */
  open(name, people) {
    const trouble = this.#random() < 0.12 ? 1 + Math.floor(this.#random() * 3) : 0;
    /** @type {FakeRoom} */
    const room = { name, openedS: this.ticks, people: [], trouble };
    this.rooms.push(room);
    this.#tell('room_opened', { room: name });
    for (let i = 0; i < people; i++) this.join(room, NAMES[i % NAMES.length] ?? 'Ada');
  }

  /** @param {FakeRoom} room @param {string} name */
  join(room, name) {
    const id = `p-${++this.joins}`;
    room.people.push({ id, name, joinedS: this.ticks });
    this.#tell('joined', { room: room.name, participant: { id, name } });
  }

  /** @param {string} name @returns {FakeRoom | undefined} */
  find(name) {
    return this.rooms.find((room) => room.name === name);
  }

  /** @param {FakeRoom} room @param {string} id @returns {boolean} whether there was such a one */
  remove(room, id) {
    const index = room.people.findIndex((person) => person.id === id);
    if (index < 0) return false;
    room.people.splice(index, 1);
    this.#tell('left', { room: room.name, id, reason: 'removed' });
    if (room.people.length > 0) return true;
    this.rooms = this.rooms.filter((other) => other !== room);
    this.#tell('room_closed', { room: room.name });
    return true;
  }

  /** @param {FakeRoom} room */
  end(room) {
    for (const { id } of [...room.people]) this.remove(room, id);
  }

  /** @param {number} deadlineMs @param {number} nowMs */
  startDrain(deadlineMs, nowMs) {
    this.drain = { deadlineAtMs: nowMs + deadlineMs };
    this.#tell('draining', this.drainReport(nowMs));
  }

  /** What is held goes to files; then a room's recorder is empty for a while. @param {FakeRoom} room @returns {{ pcapng: string, decisions: string } | null} */
  dump(room) {
    if (this.#dumped.has(room)) return null;
    this.#dumped.add(room);
    const base = `/var/lib/iris/${room.name}-20261121T110738.123Z`;
    return objectOf('Dump', { pcapng: `${base}.pcapng`, decisions: `${base}.jsonl` });
  }

  /** A second passes. */
  step() {
    this.ticks++;
    this.#tell('rates', this.rates());
  }

  rates() {
    return {
      node: this.node(),
      rooms: this.rooms.map((room, index) => this.#summary(room, index)),
    };
  }

  workers() {
    const workers = Array.from({ length: WORKERS }, (_, index) => {
      const share = 0.2 + 0.1 * index + 0.05 * Math.sin(this.ticks / 7 + index);
      return objectOf('Worker', {
        udp_port: 49152 + index,
        participants: Math.round(this.#people() / WORKERS),
        cpu: share,
        sent_bps: Math.round(this.node().sent_bps / WORKERS),
        received_bps: Math.round(this.node().received_bps / WORKERS),
        would_block: index === 3 ? Math.floor(this.ticks / 20) : 0,
        delay_us: { count: 10, sum: 900, p50: 60, p95: 180, p99: 400 + 100 * index, buckets: [] },
      });
    });
    return { node: this.node(), workers };
  }

  /** @returns {import('../src/api.js').Node & { sent_bps: number, received_bps: number }} */
  node() {
    const rates = this.rooms.map((room, index) => this.#rate(room, index));
    const sent = Math.round(rates.reduce((sum, { down }) => sum + down, 0));
    return objectOf('Node', {
      name: 'conf-1',
      version: '0.1.0',
      participants: this.#people(),
      rooms: this.rooms.length,
      max_participants: 4000,
      network_bps: 1e10,
      up_bps: Math.round(rates.reduce((sum, { up }) => sum + up, 0)),
      down_bps: sent,
      sent_bps: sent,
      received_bps: Math.round(sent / 3),
      uptime_s: 86_400 + this.ticks,
      joins: this.joins,
    });
  }

  /** @param {FakeRoom} room */
  room(room) {
    return {
      ...this.#summary(room, 0),
      participants: room.people.map((_, index) => this.#person(room, index)),
    };
  }

  /** @param {number} nowMs */
  drainReport(nowMs) {
    return objectOf('Drain', {
      draining: this.drain !== null,
      deadline_ms: this.drain ? Math.max(0, this.drain.deadlineAtMs - nowMs) : null,
      participants: this.#people(),
      rooms: this.rooms.length,
    });
  }

  #people() {
    return this.rooms.reduce((sum, { people }) => sum + people.length, 0);
  }

  /** @param {FakeRoom} room @param {number} index */
  #rate({ people }, index) {
    const wave = 1 + 0.1 * Math.sin(this.ticks / 5 + index);
    const up = people.length * 640e3 * wave;
    return { up: Math.round(up), down: Math.round(up * Math.min(4, people.length - 1)) };
  }

  /** @param {FakeRoom} room @param {number} index */
  #summary(room, index) {
    const { up, down } = this.#rate(room, index);
    const quality = room.people.length > 1 ? (TROUBLES[room.trouble]?.quality ?? 'good') : 'good';
    return objectOf('RoomSummary', {
      room: room.name,
      worker: index % WORKERS,
      quality,
      poor: quality === 'poor' ? 1 : 0,
      fair: quality === 'fair' ? 1 : 0,
      participants: room.people.length,
      microphones: room.people.length,
      cameras: room.people.length,
      screens: index % 3 === 0 ? 1 : 0,
      age_s: this.ticks - room.openedS,
      up_bps: up,
      down_bps: down,
    });
  }

  /** @param {FakeRoom} room @param {number} index */
  #person(room, index) {
    const person = room.people[index];
    const verdict = index === 1 ? (TROUBLES[room.trouble] ?? GOOD) : GOOD;
    const wave = 1 + 0.1 * Math.sin(this.ticks / 5 + index);
    const isBad = verdict.quality !== 'good';
    return objectOf('Participant', {
      id: person?.id,
      name: person?.name,
      metadata: null,
      connected: true,
      screen_sharing: index === 0,
      srtp_profile: 'AEAD_AES_128_GCM',
      verdict,
      uplink: objectOf('Uplink', {
        bitrate_bps: Math.round(640e3 * wave),
        tracks: ['audio', 'camera', 'screen'].map((kind) => this.#track(kind, index)),
      }),
      downlink: objectOf('Downlink', {
        slots: this.#slots(room, index, verdict),
        bitrate_bps: Math.round(1.4e6 * wave * (isBad ? 0.4 : 1)),
        estimate_bps: Math.round(2.2e6 * wave * (isBad ? 0.35 : 1)),
        loss: isBad ? 0.19 : 0.001,
        rtt_us: Math.round(24_000 * wave),
      }),
    });
  }

  /** @param {string} kind @param {number} index */
  #track(kind, index) {
    const rids = kind === 'camera' ? ['l', 'h'] : [null];
    const layers = rids.map((rid, layer) =>
      objectOf('Layer', {
        rid,
        live: kind !== 'screen' || index === 0,
        height: kind === 'audio' ? null : kind === 'screen' ? 720 : 180 * 2 ** layer,
        bitrate_bps: kind === 'audio' ? 42_000 : 120_000 * (1 + 2 * layer),
        frame_rate: kind === 'audio' ? null : 25,
        loss: 0,
        residual_loss: 0,
      }),
    );
    return objectOf('Track', { mid: kind, kind, layers });
  }

  /** Three voices, four cameras, a screen. @param {FakeRoom} room @param {number} index @param {Verdict} verdict */
  #slots({ people }, index, verdict) {
    const others = people.filter((_, other) => other !== index);
    const kinds = [...Array(3).fill('audio'), ...Array(4).fill('camera'), 'screen'];
    return kinds.map((kind, line) => {
      const place = kind === 'audio' ? line : kind === 'camera' ? line - 3 : 0;
      const source = kind === 'screen' ? (index > 0 ? people[0] : undefined) : others[place];
      const isShort = verdict.quality !== 'good' && kind === 'camera';
      return objectOf('Slot', {
        mid: String(line + 3),
        kind,
        participant: source?.id ?? null,
        state: source ? (isShort && place > 0 ? 'paused' : 'live') : 'idle',
        reason: source && isShort && place > 0 ? 'bandwidth' : null,
        height: source && kind !== 'audio' ? (isShort ? 180 : 360) : 0,
        layer: source && kind === 'camera' ? (isShort ? 0 : 1) : null,
        temporal: source && kind === 'camera' ? 2 : null,
        bitrate_bps: source ? (kind === 'audio' ? 42_000 : 360_000) : 0,
        frame_rate: kind === 'audio' ? null : 25,
        loss: isShort ? 0.19 : 0,
        verdict: isShort ? verdict : GOOD,
      });
    });
  }

  /** @param {string} event @param {object} data */
  #tell(event, data) {
    for (const listener of this.listeners) listener(event, data);
  }
}
