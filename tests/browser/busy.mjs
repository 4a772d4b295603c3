/** Drawn pictures of which a test decides how hard they are to encode. */

/** @typedef {import('./participant.mjs').Participant} Participant */

/**
 * @typedef {object} Content  one of:
 * @property {number} [amount]  of each frame so much is new: rectangles of 1/256
 * @property {number} [cutMs]   someone before a wall, who moves a little, and slides; another picture so often
 */

/**
 * Have a screen to share, and a camera for {@link sendBusyCamera}: Firefox has no screen where there is no display, and
 * fake cameras are too easy to make an encoder send too much.
 *
 * @param {Participant} who
 * @param {number} amount  see {@link Content}
 */
export async function prepareBusyPictures(who, amount) {
  await who.page.evaluate(install, { amount });
}

/**
 * The same with what honest people show when it is hardest to send: cut to something else.
 *
 * @param {Participant} who
 * @param {number} cutMs  see {@link Content}
 */
export async function prepareCutPictures(who, cutMs) {
  await who.page.evaluate(install, { cutMs });
}

/** The camera shows something busy from now on. @param {Participant} who */
export async function sendBusyCamera(who) {
  await who.page.evaluate(() => /** @type {any} */ (window).sendBusyCamera());
}

/** Evaluated in the page. @param {Content} content */
function install({ amount = 0, cutMs = 0 }) {
  const PICTURES = 6;
  const any = (/** @type {number} */ below) => Math.floor(Math.random() * below);
  const colour = () => `rgb(${any(256)} ${any(256)} ${any(256)})`;

  const newCanvas = (/** @type {number} */ width, /** @type {number} */ height) => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    return { canvas, context };
  };

  /** Pixels at random. @param {number} width @param {number} height */
  const noise = (width, height) => {
    const { canvas, context } = newCanvas(Math.ceil(width), Math.ceil(height));
    const pixels = context.createImageData(canvas.width, canvas.height);
    for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = i % 4 === 3 ? 255 : any(256);
    context.putImageData(pixels, 0, 0);
    return canvas;
  };

  /** With the detail of a photograph: coarse contrasts and fainter fine ones. @param {number} width @param {number} height */
  const photograph = (width, height) => {
    const { canvas, context } = newCanvas(width, height);
    for (let cell = width / 4, alpha = 1; cell >= 4; cell /= 2, alpha *= 0.6) {
      context.globalAlpha = alpha;
      context.drawImage(noise(width / cell, height / cell), 0, 0, width, height);
    }
    return canvas;
  };

  /** Lines of letters. @param {number} width @param {number} height */
  const slide = (width, height) => {
    const { canvas, context } = newCanvas(width, height);
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, height);
    context.font = '16px sans-serif';
    for (let y = 30; y < height; y += 18) {
      const letters = Array.from({ length: width / 9 }, () => String.fromCharCode(97 + any(26)));
      context.fillStyle = colour();
      context.fillText(letters.join(''), 10, y);
    }
    return canvas;
  };

  /** @typedef {(context: CanvasRenderingContext2D, width: number, height: number) => void} Paint */

  /** @type {Paint} */
  const paintRectangles = (context, width, height) => {
    for (let i = 0; i < amount; i++) {
      context.fillStyle = colour();
      context.fillRect(any(width), any(height), width / 16, height / 16);
    }
  };

  /** @param {number} width @param {number} height @returns {Paint} */
  const camera = (width, height) => {
    const walls = Array.from({ length: PICTURES }, () => photograph(width, height));
    const grain = noise(2 * width, 2 * height);
    return (context) => {
      const seconds = performance.now() / 1000;
      const cut = Math.floor(performance.now() / cutMs);
      const [wall = grain, person = grain] = [walls[cut % PICTURES], walls[(cut + 3) % PICTURES]];
      const x = width / 2 + (width / 12) * Math.sin(1.3 * seconds);
      const y = height / 2 + (height / 20) * Math.sin(2.1 * seconds);
      context.drawImage(wall, 0, 0);
      context.save();
      context.beginPath();
      context.ellipse(x, y, width / 7, height / 4, 0.2 * Math.sin(1.7 * seconds), 0, 7);
      context.ellipse(x, height, width / 4, height / 3, 0, 0, 7);
      context.clip();
      context.drawImage(person, x - width / 2, y - height / 2);
      context.restore();
      context.globalAlpha = 0.04;
      context.drawImage(grain, -any(width), -any(height));
      context.globalAlpha = 1;
    };
  };

  /** @param {number} width @param {number} height @returns {Paint} */
  const slides = (width, height) => {
    const pages = Array.from({ length: PICTURES }, (_, i) =>
      i % 2 ? slide(width, height) : photograph(width, height),
    );
    let shown = -1;
    return (context) => {
      const number = Math.floor(performance.now() / cutMs);
      const page = pages[number % PICTURES];
      if (page && number !== shown) context.drawImage(page, 0, 0);
      shown = number;
      context.fillStyle = colour();
      context.fillRect(0, 0, 8, 8); // a cursor
    };
  };

  /** @param {number} width @param {number} height @param {number} rate  [frames/s] @param {Paint} paint */
  const play = (width, height, rate, paint) => {
    const { canvas, context } = newCanvas(width, height);
    setInterval(() => paint(context, width, height), 1000 / rate);
    return canvas.captureStream(rate);
  };

  const screen = cutMs > 0 ? slides(1280, 720) : paintRectangles;
  navigator.mediaDevices.getDisplayMedia = async () => play(1280, 720, 15, screen);
  const paint = cutMs > 0 ? camera(640, 480) : paintRectangles;
  const [track = null] = play(640, 480, 30, paint).getVideoTracks();
  /** @type {any} */ (window).sendBusyCamera = () => window.iris?.setTrack('camera', track);
}
