/** Drawn pictures of which a test decides how hard they are to encode. */

/**
 * Have a screen to share, and a camera for {@link sendBusyCamera}: Firefox has no screen where there is no display, and
 * fake cameras are too easy to make an encoder send too much.
 *
 * @param {import('./participant.mjs').Participant} who
 * @param {number} amount  how much of the picture is new in each frame: rectangles of 1/256
 */
export async function prepareBusyPictures(who, amount) {
  await who.page.evaluate((count) => {
    /** @param {number} width @param {number} height @param {number} rate  [frames/s] */
    const draw = (width, height, rate) => {
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width, height });
      const context = canvas.getContext('2d');
      const any = (/** @type {number} */ below) => Math.floor(Math.random() * below);
      setInterval(() => {
        for (let i = 0; context && i < count; i++) {
          context.fillStyle = `rgb(${any(256)} ${any(256)} ${any(256)})`;
          context.fillRect(any(width), any(height), width / 16, height / 16);
        }
      }, 1000 / rate);
      return canvas.captureStream(rate);
    };
    navigator.mediaDevices.getDisplayMedia = async () => draw(1280, 720, 15);
    const [camera = null] = draw(640, 480, 30).getVideoTracks();
    /** @type {any} */ (window).sendBusyCamera = () => window.iris?.setTrack('camera', camera);
  }, amount);
}

/** The camera shows something busy from now on. @param {import('./participant.mjs').Participant} who */
export async function sendBusyCamera(who) {
  await who.page.evaluate(() => /** @type {any} */ (window).sendBusyCamera());
}
