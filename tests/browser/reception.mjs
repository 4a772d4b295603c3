/**
 * What a page has received by one moment, by the browser's own statistics. {@link reception} is evaluated inside the
 * page, so it may use nothing from this file but types.
 */

/**
 * @typedef {object} Picture  a video slot
 * @property {string} mid
 * @property {string} kind     camera or screen
 * @property {string} state    of the slot, by the server
 * @property {string} reason   why it is paused
 * @property {number} height   of the newest frame [pixels]; 0 if none came
 * @property {number} frames   decoded
 * @property {number} freezes
 * @property {number} lost     packets that never came as such
 * @property {number} asked    for again (NACK)
 *
 * @typedef {object} Voice  an audio slot
 * @property {string} mid
 * @property {number} packets
 * @property {number} samples
 * @property {number} concealed  of them: made up where packets were missing and something was to be heard
 *
 * @typedef {object} Reception
 * @property {number} atMs     wall clock
 * @property {number} bytes    over the network, UDP payload
 * @property {Picture[]} pictures
 * @property {Voice[]} voices
 */

/** @returns {Promise<Reception>} */
export async function reception() {
  const client = window.iris;
  const report = client?.connection ? [...(await client.connection.getStats()).values()] : [];
  const inbound = report.filter((entry) => entry.type === 'inbound-rtp');
  const pairs = report.filter((entry) => entry.type === 'candidate-pair');
  return {
    atMs: Date.now(),
    bytes: pairs.reduce((sum, pair) => sum + Number(pair.bytesReceived ?? 0), 0),
    pictures: (client?.slots ?? []).flatMap(({ mid, kind, state, reason }) => {
      if (kind === 'audio') return [];
      const line = inbound.find((entry) => entry.mid === mid);
      return [
        {
          mid,
          kind,
          state,
          reason: reason ?? '',
          height: Number(line?.frameHeight ?? 0),
          frames: Number(line?.framesDecoded ?? 0),
          freezes: Number(line?.freezeCount ?? 0),
          lost: Number(line?.packetsLost ?? 0),
          asked: Number(line?.nackCount ?? 0),
        },
      ];
    }),
    voices: inbound
      .filter((entry) => entry.kind === 'audio')
      .map((entry) => ({
        mid: String(entry.mid),
        packets: Number(entry.packetsReceived ?? 0),
        samples: Number(entry.totalSamplesReceived ?? 0),
        concealed: Number(entry.concealedSamples ?? 0) - Number(entry.silentConcealedSamples ?? 0),
      })),
  };
}
