/** What pages share. */

/** Firefox has no screen where there is no display, and no fake one: a canvas stands in. @param {import('./participant.mjs').Participant} who */
export async function drawScreen(who) {
  await who.page.evaluate(() => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: 1280, height: 720 });
    const context = canvas.getContext('2d');
    let count = 0;
    setInterval(() => {
      if (!context) return;
      context.fillStyle = '#fff';
      context.fillRect(0, 0, 1280, 720);
      context.fillStyle = '#124';
      context.font = '96px sans-serif';
      context.fillText(`Slide ${count++}`, 80, 380);
    }, 66);
    navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(15);
  });
}
