/**
 * Who is shown and why a picture is missing: a pure function from what the client knows to what the tiles say. At
 * most {@link MAX_TILES} others have a tile; the rest is a number. The order is kept from one call to the next, so
 * that nobody jumps around the page while people come, go and speak.
 */
import type { Participant, PauseReason, Slot } from '@iris/client';

/** Others on the page at once, as many as there are camera slots. */
export const MAX_TILES = 4;

/** `live` has a picture, `paused` has one that is not coming, `off` has none, `waiting` may have one later. */
export type PictureState = 'live' | 'paused' | 'off' | 'waiting';

/** What one tile says. */
export interface TileView {
  participant: Participant;
  /** The slot whose video it shows; null without one. */
  mid: string | null;
  state: PictureState;
  reason: PauseReason | null;
  isSpeaking: boolean;
  isPinned: boolean;
}

/** The whole room at one moment. */
export interface RoomView {
  /** The shared screen, if it has an owner. */
  screen: TileView | null;
  /** Other people, in the order of their tiles. */
  tiles: TileView[];
  /** Whether a pinned person's tile takes the stage; it is then `tiles[0]`. */
  hasSpotlight: boolean;
  /** Others without a tile. */
  hidden: number;
}

/** What a view is made from. */
export interface RoomState {
  participants: ReadonlyMap<string, Participant>;
  slots: readonly Slot[];
  speaking: ReadonlySet<string>;
  pinned: string | null;
  /** Ids in the order of the last view. */
  previous: readonly string[];
}

/** Describe the room. */
export function describeRoom(state: RoomState): RoomView {
  const cameras = ownedSlots(state, 'camera');
  const screenSlot = [...ownedSlots(state, 'screen').values()][0];
  const ids = order(state, choose(state, cameras));
  const tiles = ids.flatMap((id) => {
    const participant = state.participants.get(id);
    return participant ? [describeTile(state, participant, cameras.get(id))] : [];
  });
  const owner = state.participants.get(screenSlot?.participant ?? '');
  // A share that was stopped keeps its slot for a moment; the stage is free at once.
  const isShared = screenSlot?.state === 'live' || owner?.screen_sharing === true;
  const screen = owner && screenSlot && isShared ? describeTile(state, owner, screenSlot) : null;
  return {
    screen,
    tiles,
    hasSpotlight: screen === null && tiles[0]?.isPinned === true,
    hidden: state.participants.size - tiles.length,
  };
}

function ownedSlots(state: RoomState, kind: Slot['kind']): Map<string, Slot> {
  const owned = new Map<string, Slot>();
  for (const slot of state.slots) {
    if (slot.kind !== kind || slot.state === 'idle' || !slot.participant) continue;
    if (state.participants.has(slot.participant)) owned.set(slot.participant, slot);
  }
  return owned;
}

/** Whoever has a slot, then the rest by rank as far as there is room. */
function choose(state: RoomState, cameras: ReadonlyMap<string, Slot>): Set<string> {
  const before = new Set(state.previous);
  const rank = (id: string) =>
    Number(id === state.pinned) * 8 +
    Number(cameras.has(id)) * 4 +
    Number(state.speaking.has(id)) * 2 +
    Number(before.has(id));
  const ids = [...state.participants.keys()];
  // The sort is stable: among equals, those who joined first.
  return new Set(ids.sort((a, b) => rank(b) - rank(a)).slice(0, MAX_TILES));
}

/** As before, new ones last, the pinned one first. */
function order(state: RoomState, chosen: ReadonlySet<string>): string[] {
  const kept = state.previous.filter((id) => chosen.has(id));
  const added = [...state.participants.keys()].filter((id) => chosen.has(id) && !kept.includes(id));
  const all = [...kept, ...added];
  const pinned = all.filter((id) => id === state.pinned);
  return [...pinned, ...all.filter((id) => id !== state.pinned)];
}

function describeTile(state: RoomState, participant: Participant, slot?: Slot): TileView {
  return {
    participant,
    mid: slot?.mid ?? null,
    ...picture(participant, slot),
    isSpeaking: state.speaking.has(participant.id),
    isPinned: participant.id === state.pinned,
  };
}

function picture(
  participant: Participant,
  slot: Slot | undefined,
): { state: PictureState; reason: PauseReason | null } {
  if (slot?.state === 'live') return { state: 'live', reason: null };
  if (slot?.kind !== 'screen' && participant.camera_muted) return { state: 'off', reason: 'muted' };
  if (slot) return { state: 'paused', reason: slot.reason ?? null };
  return { state: 'waiting', reason: null };
}
