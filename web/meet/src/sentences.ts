/** Everything that can go wrong or change, as a sentence for the person in front of the page, with what to do. */
import { DeviceError, ErrorCode, IrisError } from '@iris/client';
import type {
  ClientEvents,
  Closed,
  CloseReason,
  LeaveReason,
  MediaKind,
  Verdict,
} from '@iris/client';
import type { TileView } from './room-view.js';

/** The words of the page on which a session ends. */
export interface Ending {
  title: string;
  sentence: string;
}

const ENDINGS: Record<CloseReason, Ending> = {
  left: { title: 'You left the meeting', sentence: 'Camera and microphone are off.' },
  protocol: {
    title: 'The connection had to be ended',
    sentence:
      'The server and this page did not understand each other. Reload the page and join again.',
  },
  drained: {
    title: 'The server is being restarted',
    sentence: 'The meeting goes on in a moment: wait a little, then join again.',
  },
  token: {
    title: 'Your invitation is not valid any more',
    sentence: 'Ask whoever invited you for a new link.',
  },
  removed: {
    title: 'You were removed from the meeting',
    sentence: 'A moderator, or whoever runs the server, ended your participation.',
  },
  no_join: { title: 'Joining took too long', sentence: 'Check your network, then join again.' },
  replaced: {
    title: 'You joined from another place',
    sentence:
      'The meeting goes on in the other window or on the other device. This page was disconnected.',
  },
  slow_consumer: {
    title: 'Your connection was too slow',
    sentence: 'It could not keep up with the room. Try a better network, then join again.',
  },
  connection_lost: {
    title: 'The connection was lost',
    sentence: 'The server could not be reached again. Check your network, then join again.',
  },
  media_failed: {
    title: 'Audio and video cannot get through',
    sentence:
      'A firewall between you and the server may block UDP. Try another network, or ask your administrator.',
  },
  join_failed: { title: 'You could not join', sentence: 'Try again in a moment.' },
};

/** Why a session ended. The server's own words are added where a moderator gave some. */
export function endingOf(closed: Closed): Ending {
  const ending = ENDINGS[closed.reason];
  if (closed.reason !== 'removed' || !closed.detail) return ending;
  return { ...ending, sentence: `${ending.sentence} The reason given: ${closed.detail}` };
}

const FAILED: ReadonlyMap<number, string> = new Map<number, string>([
  [ErrorCode.connection, 'The server cannot be reached. Check your network, then try again.'],
  [ErrorCode.timeout, 'The server did not answer in time. Try again.'],
  [
    ErrorCode.badToken,
    'This room needs a valid invitation, and yours was not accepted. Ask whoever invited you for a new link.',
  ],
  [
    ErrorCode.notAllowed,
    'Your invitation does not allow that: it is for another room, or without this right.',
  ],
  [ErrorCode.notFound, 'That room or person is not there any more.'],
  [ErrorCode.alreadyJoined, 'You are in this room already.'],
  [ErrorCode.tooLarge, 'That was too long. Shorten it, then try again.'],
  [
    ErrorCode.badSdp,
    'The server cannot work with the media of this browser. Try a current browser.',
  ],
  [ErrorCode.tooManyRequests, 'That was too much in a short time. Wait a moment, then try again.'],
  [ErrorCode.unavailable, 'The server is full or about to restart. Try again in a moment.'],
  [
    ErrorCode.invalidParams,
    'The server did not accept the name or the room. Change them, then try again.',
  ],
  [ErrorCode.notJoined, 'You are not in the meeting at the moment.'],
  [ErrorCode.methodNotFound, 'This server cannot do that yet.'],
]);

/** Why a request failed. */
export function errorSentence(error: unknown): string {
  if (!(error instanceof IrisError)) return `Something went wrong: ${String(error)}`;
  return FAILED.get(error.code) ?? `The server refused: ${error.message}`;
}

/** Why a chat message was not sent; it is still in the box. */
export function chatErrorSentence(error: unknown): string {
  const code = error instanceof IrisError ? error.code : 0;
  if (code === ErrorCode.tooManyRequests) {
    return 'That was quick! Your message is still here: send it again in a moment.';
  }
  if (code === ErrorCode.notFound) return 'That person has left, so the message was not sent.';
  return `Not sent. ${errorSentence(error)}`;
}

/** Why a camera, a microphone or a screen cannot be had, and what to do. */
export function deviceSentence(error: unknown): string {
  if (!(error instanceof DeviceError)) return errorSentence(error);
  const { device } = error;
  switch (error.problem) {
    case 'denied':
      return device === 'screen'
        ? 'The screen was not shared. If you did not choose so, allow it in the settings of the system.'
        : `The ${device} is blocked. Allow it by the icon beside the address of the page, then turn it on again.`;
    case 'none':
      return `No ${device} was found. Connect one and turn it on, or go on without.`;
    case 'busy':
      return `The ${device} does not work or is in use by another program. Close that program, then turn it on again.`;
    case 'insecure':
      return `The browser gives the ${device} to secure pages only. Open this page by its https address.`;
    case 'unsupported':
      return `This browser cannot open a ${device}. Try a current Chrome, Edge, Firefox or Safari.`;
    default:
      return `The ${device} could not be started. Try again, or choose another one in the settings.`;
  }
}

/**
 * Why there is no picture; empty if there is one.
 *
 * @param what  begins the sentence: "Picture" or "Screen"
 */
export function pictureSentence(view: TileView, what: 'Picture' | 'Screen'): string {
  if (view.state === 'live') return '';
  if (view.state === 'off') return 'Camera off';
  if (view.state === 'waiting') return 'No picture at the moment';
  switch (view.reason) {
    case 'bandwidth':
      return `${what} paused: your connection is slow`;
    case 'layout':
      return `${what} not requested in this view`;
    case 'muted':
      return what === 'Screen' ? 'Sharing has stopped' : 'Camera off';
    case 'source':
      return `No picture arrives from ${view.participant.name}`;
    default:
      return `${what} paused`;
  }
}

const LEFT: Partial<Record<LeaveReason, string>> = {
  removed: 'was removed',
  timeout: 'lost the connection',
  disconnected: 'lost the connection',
  replaced: 'continues from another place',
};

/** Someone went. */
export function leftSentence(name: string, reason: LeaveReason): string {
  return `${name} ${LEFT[reason] ?? 'left'}`;
}

const SENT: Record<MediaKind, string> = {
  audio: 'microphone',
  camera: 'camera',
  screen: 'shared screen',
};

/** The server is dropping what we send too much. */
export function limitSentence(kind: MediaKind, limitBps: number, measuredBps: number): string {
  const kbps = (bps: number) => Math.round(bps / 1000);
  return `Your ${SENT[kind]} sends more than the meeting allows (${kbps(measuredBps)} instead of ${kbps(limitBps)} kbps), so others may see or hear gaps.`;
}

/** What is wrong and what one can do, where it is one's own affair or the server's. */
const HINTS: Record<Verdict['cause'], string> = {
  none: '',
  publisher_uplink:
    'Your connection to the server is losing what you send, so others may see you freeze. Go nearer to the Wi-Fi, use a cable, or turn your camera off.',
  server:
    'The server is busy, so pictures and sound may stutter. Nothing is wrong on your side: wait a moment.',
  downlink:
    'Your connection is too weak for all pictures; sound goes first. Stop other downloads, or choose to save data in the settings.',
  policy:
    'You send more than the room allows, so others may see gaps. Turn your camera or your shared screen off and on again.',
  client:
    'This device cannot keep up with decoding the pictures. Close other programs and tabs, or choose to save data in the settings.',
};

/** The same, where it is with somebody else. */
const HINTS_OF_OTHERS: Partial<Record<Verdict['cause'], (name: string) => string>> = {
  publisher_uplink: (name) =>
    `${name}’s connection is weak, so ${name} may freeze or break up. Nothing is wrong on your side.`,
  policy: (name) =>
    `${name} sends more than the room allows, so this picture may have gaps. Nothing is wrong on your side.`,
};

/**
 * What is wrong and what one can do about it; empty if nothing is.
 *
 * @param name  of the participant of the evidence, if it names one who is here
 */
export function hintSentence(verdict: Verdict, name: string | null): string {
  if (verdict.quality === 'good') return '';
  const ofOther = verdict.evidence?.participant ? HINTS_OF_OTHERS[verdict.cause] : undefined;
  if (ofOther) return ofOther(name ?? 'Someone');
  // A cause that is newer than this page.
  return HINTS[verdict.cause] ?? 'Pictures and sound are not as good as they could be.';
}

/** How good it is and why, for a tooltip; see {@link hintSentence}. */
export function qualitySentence(verdict: Verdict, name: string | null): string {
  if (verdict.quality === 'good') return 'Good quality. Everything is fine.';
  const words = verdict.quality === 'poor' ? 'Poor' : 'Fair';
  return `${words} quality. ${hintSentence(verdict, name)}`;
}

const MARKS: Partial<Record<Verdict['cause'], string>> = {
  publisher_uplink: 'weak connection',
  policy: 'sends more than the room allows',
};

/**
 * What is wrong with one person, in a few words for the tile; empty if nothing is known.
 *
 * @param id  the person's; null is oneself, whom no evidence names
 */
export function markSentence(verdict: Verdict, id: string | null): string {
  if (verdict.quality === 'good' || (verdict.evidence?.participant ?? null) !== id) return '';
  return MARKS[verdict.cause] ?? (id === null ? '' : 'not as good as it could be');
}

/** Somebody switched something of ours off: a moderator, or the next to share a screen. */
export function mutedSentence(muted: ClientEvents['muted']): string {
  if (muted.by === 'sharer') {
    return `${muted.participant.name} shares the screen now, so yours is not shared any more.`;
  }
  if (muted.kind === 'screen') return 'A moderator stopped your screen share.';
  if (muted.kind === 'camera')
    return 'A moderator turned your camera off. You can turn it on again (V).';
  return 'A moderator muted you. Unmute when you want to speak (M).';
}
