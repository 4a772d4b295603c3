/** A room's JSON as tables (pure): who sends what, and who sees whom in which slot and layer. */
import {
  type Kind,
  type Layer,
  type Participant,
  type Quality,
  type Room,
  type Slot,
  type Track,
} from './api.js';
import { UNKNOWN, bitrate, frameRate, share } from './units.js';
import { KIND_WORDS, QUALITY_RANK, SLOT_WORDS, verdictWords } from './verdicts.js';

const KINDS: readonly Kind[] = ['audio', 'camera', 'screen'];

/** The lines that leave a cell of text. */
export interface Cell {
  /** The first line: whom, or what state. */
  title: string;
  /** Numbers. */
  details: string[];
  state: 'live' | 'paused' | 'idle' | 'none';
  quality: Quality;
  /** Why it is not good; empty if it is. */
  trouble: string;
}

export interface MatrixColumn {
  kind: Kind;
  /** "Camera 2" */
  title: string;
}

export interface MatrixRow {
  id: string;
  name: string;
  cells: Cell[];
}

export interface Matrix {
  columns: MatrixColumn[];
  rows: MatrixRow[];
}

const NOTHING: Cell = {
  title: UNKNOWN,
  details: [],
  state: 'none',
  quality: 'good',
  trouble: '',
};

const REASONS: Record<NonNullable<Slot['reason']>, string> = {
  bandwidth: 'paused: too little bandwidth',
  layout: 'paused: not on the page',
  muted: 'paused: muted',
  source: 'paused: the sender sends nothing',
};

/** The display name behind an id. */
export function namesOf(room: Room): (id: string) => string {
  const names = new Map(room.participants.map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? id;
}

/** Slots of one kind have numbers in the order of the participant's lines; columns are as many as anyone has. */
export function matrixOf(room: Room): Matrix {
  const nameOf = namesOf(room);
  const byKind = (participant: Participant, kind: Kind) =>
    participant.downlink.slots.filter((slot) => slot.kind === kind);
  const columns = KINDS.flatMap((kind) => {
    const most = Math.max(0, ...room.participants.map((p) => byKind(p, kind).length));
    return Array.from({ length: most }, (_, index) => ({ kind, index, most }));
  });
  return {
    columns: columns.map(({ kind, index, most }) => ({
      kind,
      title: most > 1 ? `${SLOT_WORDS[kind]} ${index + 1}` : SLOT_WORDS[kind],
    })),
    rows: room.participants.map((participant) => ({
      id: participant.id,
      name: participant.name,
      cells: columns.map(({ kind, index }) => {
        const slot = byKind(participant, kind)[index];
        return slot ? slotCell(slot, nameOf) : NOTHING;
      }),
    })),
  };
}

/** "360p, layer 1" and "T2, 25 fps". */
function pictureWords(slot: Slot): string[] {
  const lines = [
    [slot.height > 0 ? `${slot.height}p` : '', slot.layer === null ? '' : `layer ${slot.layer}`],
    [slot.temporal === null ? '' : `T${slot.temporal}`, frameRate(slot.frame_rate)],
  ];
  return lines.map((line) => line.filter((part) => part !== '' && part !== UNKNOWN).join(', '));
}

function slotCell(slot: Slot, nameOf: (id: string) => string): Cell {
  const { quality } = slot.verdict;
  const trouble = quality === 'good' ? '' : verdictWords(slot.verdict, nameOf);
  /* Nothing comes from whom it showed: the verdict says of whom. */
  if (slot.participant === null)
    return { ...NOTHING, title: 'free', state: 'idle', quality, trouble };
  const isLive = slot.state === 'live';
  const numbers = [
    ...(slot.kind === 'audio' ? [] : pictureWords(slot)),
    bitrate(slot.bitrate_bps),
    slot.loss ? `${share(slot.loss)} lost` : '',
  ];
  const paused = slot.reason === null ? 'paused' : REASONS[slot.reason];
  const details = isLive ? numbers : [slot.state === 'paused' ? paused : 'silent'];
  return {
    title: nameOf(slot.participant),
    details: details.filter((part) => part !== '' && part !== UNKNOWN),
    state: slot.state,
    quality,
    trouble,
  };
}

/** What a participant sends, one row each: microphone, camera, screen. */
export function sendersOf(room: Room): Matrix {
  return {
    columns: KINDS.map((kind) => ({ kind, title: KIND_WORDS[kind] })),
    rows: room.participants.map((participant) => ({
      id: participant.id,
      name: participant.name,
      cells: KINDS.map((kind) => {
        const track = participant.uplink.tracks.find((candidate) => candidate.kind === kind);
        return track ? trackCell(track, participant) : NOTHING;
      }),
    })),
  };
}

function layerLine(layer: Layer): string {
  const parts = [
    layer.rid ?? '',
    layer.height ? `${layer.height}p` : '',
    layer.frame_rate === null || layer.frame_rate === 0 ? '' : frameRate(layer.frame_rate),
    bitrate(layer.bitrate_bps),
    layer.loss ? `${share(layer.loss)} lost` : '',
    layer.residual_loss ? `${share(layer.residual_loss)} not repaired` : '',
    layer.policed_packets > 0 ? 'over the contract' : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** Muted by whoever; screens are on only while they are shared. */
function isMuted(track: Track, participant: Participant): boolean {
  if (track.kind === 'audio') return track.muted || participant.audio_muted;
  if (track.kind === 'camera') return track.muted || participant.camera_muted;
  return track.muted || !participant.screen_sharing;
}

function trackCell(track: Track, participant: Participant): Cell {
  const live = track.layers.filter((layer) => layer.live);
  const base = { quality: 'good' as const, trouble: '' };
  if (isMuted(track, participant)) {
    const title = track.kind === 'screen' ? 'not shared' : 'muted';
    return { ...base, title, details: [], state: 'paused' };
  }
  if (live.length === 0) return { ...base, title: 'sends nothing', details: [], state: 'idle' };
  return { ...base, title: 'sends', details: live.map(layerLine), state: 'live' };
}

/** The worst first; equals in the order of joining. */
export function worstFirst(participants: readonly Participant[]): Participant[] {
  const rank = ({ verdict }: Participant) => QUALITY_RANK[verdict.quality];
  return [...participants].sort((a, b) => rank(a) - rank(b));
}
