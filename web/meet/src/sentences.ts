/** Everything that can go wrong, as a sentence for the person in front of the page. */
import { ErrorCode, IrisError, type CloseReason } from '@iris/client';

const CLOSED: Record<CloseReason, string> = {
  left: 'You left the room.',
  protocol: 'The server and this page did not understand each other. Reload the page.',
  drained: 'The server is being restarted. Join again in a moment.',
  token: 'Your invitation is not valid any more.',
  removed: 'A moderator removed you from the room.',
  no_join: 'Joining took too long. Try again.',
  replaced: 'You joined from another place, so this page was disconnected.',
  slow_consumer: 'Your connection could not keep up with the room. Join again.',
  connection_lost: 'The connection to the server was lost. Join again.',
  media_failed: 'No audio or video can pass between you and the server. A firewall may block UDP.',
  join_failed: 'You could not join the room.',
};

/** Why a session ended. */
export function closedSentence(reason: CloseReason): string {
  return CLOSED[reason];
}

const FAILED: ReadonlyMap<number, string> = new Map<number, string>([
  [ErrorCode.connection, 'The server cannot be reached. Is it running?'],
  [ErrorCode.timeout, 'The server did not answer in time. Try again.'],
  [ErrorCode.badToken, 'This room needs a valid invitation.'],
  [ErrorCode.notAllowed, 'You are not allowed to do that in this room.'],
  [ErrorCode.notFound, 'There is no such room.'],
  [ErrorCode.alreadyJoined, 'You are in the room already.'],
  [ErrorCode.tooLarge, 'The server refused the request because it was too large.'],
  [ErrorCode.badSdp, 'The server cannot work with the media of this browser.'],
  [ErrorCode.tooManyRequests, 'Too many tries in a short time. Wait a moment.'],
  [ErrorCode.unavailable, 'The server is full or about to restart. Try again in a moment.'],
  [ErrorCode.invalidParams, 'The server did not accept the name or the room.'],
]);

/** Why a request failed. */
export function errorSentence(error: unknown): string {
  if (!(error instanceof IrisError)) return `Something went wrong: ${String(error)}`;
  return FAILED.get(error.code) ?? `The server refused: ${error.message} (${error.code}).`;
}

/** Why a camera, a microphone or a screen cannot be had. `what` begins the sentence. */
export function deviceSentence(what: string, error: unknown): string {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return `${what}: access was denied.`;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `${what}: none was found.`;
    case 'NotReadableError':
    case 'AbortError':
      return `${what}: in use by another program, or not working.`;
    case 'NotSupportedError':
      return `${what}: this browser only allows it on a secure page (https).`;
    default:
      return `${what}: ${String(error)}`;
  }
}
