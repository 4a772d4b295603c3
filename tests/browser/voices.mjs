/**
 * Voices in place of the fake microphones' tones, so that a test decides who speaks, and when. For Chromium: without a
 * sound card Firefox runs no AudioContext.
 */

/** @typedef {import('./participant.mjs').Participant} Participant */

/** Of speech that is loud and clear: about -20 dBov. */
const SPEECH_GAIN = 0.35;

/**
 * Send a voice from now on that is silent until it is told to speak: noise in syllables, four a second, each with its
 * pause, as RFC 6464 levels see speech.
 *
 * @param {Participant} who
 */
export async function giveVoice(who) {
  await who.page.evaluate(async () => {
    const context = new AudioContext();
    const buffer = context.createBuffer(1, 2 * context.sampleRate, context.sampleRate);
    const samples = buffer.getChannelData(0);
    samples.forEach((_, i) => {
      const syllable = Math.sin((2 * Math.PI * 2 * i) / context.sampleRate) ** 2;
      samples[i] = syllable * (2 * Math.random() - 1);
    });
    const voice = new AudioBufferSourceNode(context, { buffer, loop: true });
    const gain = new GainNode(context, { gain: 0 });
    const out = new MediaStreamAudioDestinationNode(context);
    voice.connect(gain).connect(out);
    voice.start();
    await context.resume();
    /** @type {any} */ (window).voice = gain.gain;
    await window.iris?.setTrack('microphone', out.stream.getAudioTracks()[0] ?? null);
  });
}

/** @param {Participant} who @param {boolean} isSpeaking */
async function setVoice(who, isSpeaking) {
  await who.page.evaluate(
    (level) => {
      /** @type {AudioParam} */ (/** @type {any} */ (window).voice).value = level;
    },
    isSpeaking ? SPEECH_GAIN : 0,
  );
}

/** @param {Participant} who */
export const speak = (who) => setVoice(who, true);

/** @param {Participant} who */
export const hush = (who) => setVoice(who, false);

/** A burst that is over before anybody could call it speech. @param {Participant} who */
export async function cough(who) {
  await who.page.evaluate((level) => {
    const { voice } = /** @type {{ voice: AudioParam }} */ (/** @type {any} */ (window));
    voice.value = level;
    setTimeout(() => (voice.value = 0), 150);
  }, SPEECH_GAIN);
}
