/** Verdicts in words (pure): how it is, whose fault, and the number that decided. */
import { type Cause, type Evidence, type Kind, type Quality, type Verdict } from './api.js';
import { UNKNOWN, quantity } from './units.js';

/** Worst first; what is not judged comes last. */
export const QUALITY_RANK: Record<Quality | 'unknown', number> = {
  poor: 0,
  fair: 1,
  good: 2,
  unknown: 3,
};

/** A mark for each, of another shape: colour says nothing that is not said twice. */
export const QUALITY_MARK: Record<Quality | 'unknown', string> = {
  poor: '■',
  fair: '▲',
  good: '●',
  unknown: '○',
};

const CAUSES: Record<Cause, string> = {
  none: '',
  publisher_uplink: 'the sender’s network',
  server: 'this server',
  downlink: 'the receiver’s network',
  policy: 'over the contract',
  client: 'the receiver’s machine',
};

const EVIDENCES: Record<string, string> = {
  policed: 'dropped, over the contract',
  server_drops: 'not sent by the server',
  server_receive_drops: 'came to the server and found no room',
  server_send_drops: 'left the server and found no room',
  server_delay_ms: 'delay in the server (99th percentile)',
  uplink_silence_ms: 'nothing came from the sender for',
  uplink_residual_loss: 'lost from the sender, not repaired',
  uplink_loss: 'lost from the sender, before repair',
  uplink_layers_stopped: 'simulcast layers that the sender stopped',
  uplink_jitter_ms: 'jitter from the sender',
  uplink_rtt_ms: 'round trip to the sender',
  downlink_silence_ms: 'the receiver has reported nothing for',
  downlink_short: 'bitrate missing of what is needed',
  downlink_loss: 'lost on the way to the receiver',
  downlink_jitter_ms: 'jitter at the receiver',
  downlink_rtt_ms: 'round trip to the receiver',
  client_undecoded: 'frames not decoded',
  client_keyframe_requests: 'key frames asked for without loss',
};

export const KIND_WORDS: Record<Kind, string> = {
  audio: 'Microphone',
  camera: 'Camera',
  screen: 'Screen',
};

/** What a slot of each kind shows. */
export const SLOT_WORDS: Record<Kind, string> = {
  audio: 'Voice',
  camera: 'Camera',
  screen: 'Screen',
};

/** "the receiver’s network"; empty for none. A cause that the page does not know is told as it is. */
export function causeWords(cause: string): string {
  return CAUSES[cause as Cause] ?? cause.replace(/_/g, ' ');
}

/** "lost on the way to the receiver: 12 % (limit 4 %)". @param nameOf someone else, by id */
export function evidenceWords(
  evidence: Evidence | null,
  nameOf: (id: string) => string = (id) => id,
): string {
  if (!evidence) return '';
  const what = EVIDENCES[evidence.what] ?? evidence.what.replace(/_/g, ' ');
  const limit =
    evidence.limit === undefined ? '' : ` (limit ${quantity(evidence.limit, evidence.unit)})`;
  const whose = evidence.participant === undefined ? '' : `, ${nameOf(evidence.participant)}`;
  return `${what}: ${quantity(evidence.value, evidence.unit)}${limit}${whose}`;
}

/** The cause and its evidence as one sentence; a dash where there is nothing to say. */
export function verdictWords(verdict: Verdict, nameOf?: (id: string) => string): string {
  if (verdict.quality === 'good') return UNKNOWN;
  return [causeWords(verdict.cause), evidenceWords(verdict.evidence, nameOf)]
    .filter((part) => part !== '')
    .join('; ');
}
