/**
 * What is sent of a picture: layers, scale and rates under the server's contract (docs/protocol.md, section 5). Pure
 * functions of the track.
 */

/** The contract's picture height for a camera [pixels]; anything larger is scaled down to it. */
const CAMERA_HEIGHT = 480;

/** A pair of layers that Chromium starts under the camera's 500 kbps; three would never start the top one. */
const CAMERA_LOW_BPS = 150_000;
const CAMERA_HIGH_BPS = 350_000;

/**
 * Below the contract's 800 kbps for a screen: where slides change, Firefox sends more in some seconds than it was
 * allowed, and less in others (docs/bandwidth.md).
 */
const SCREEN_BPS = 700_000;

/** Two layers, lowest first: 320x240 and 640x480 of a 4:3 camera. */
export function cameraEncodings(track: MediaStreamTrack | null): RTCRtpEncodingParameters[] {
  const scale = Math.max(1, (track?.getSettings().height ?? CAMERA_HEIGHT) / CAMERA_HEIGHT);
  return [
    { rid: 'l', scaleResolutionDownBy: 2 * scale, maxBitrate: CAMERA_LOW_BPS },
    { rid: 'h', scaleResolutionDownBy: scale, maxBitrate: CAMERA_HIGH_BPS },
  ];
}

/**
 * One layer, as large as it is captured: text must stay sharp. It is active only while there is something to send:
 * Chromium keeps half of the network's rate for an active line without a track, which leaves too little to start the
 * camera's high layer under the server's REMB.
 */
export function screenEncodings(track: MediaStreamTrack | null): RTCRtpEncodingParameters[] {
  return [{ active: track !== null, maxBitrate: SCREEN_BPS }];
}

/** A screen came or went on its line: see {@link screenEncodings}. */
export async function activateScreen(
  sender: RTCRtpSender,
  track: MediaStreamTrack | null,
): Promise<void> {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.active = track !== null;
  await sender.setParameters(parameters);
}

/** Scale a camera that replaced another on its line. */
export async function rescaleCamera(sender: RTCRtpSender, track: MediaStreamTrack): Promise<void> {
  const wanted = cameraEncodings(track);
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) {
    const match = wanted.find((w) => w.rid === encoding.rid);
    if (match?.scaleResolutionDownBy) encoding.scaleResolutionDownBy = match.scaleResolutionDownBy;
  }
  await sender.setParameters(parameters);
}
