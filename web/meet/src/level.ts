/** How loud a microphone is, read from a copy of its track, so that it is known while the track itself is muted. */

/** From here on it is speech [0 to 1]. */
export const SPEECH = 0.3;

/** The quietest that the meter shows [dBFS]. */
const FLOOR_DB = -60;

/** Root mean square of samples (-1 to 1) as a position on the meter, 0 (silence) to 1 (full scale). */
export function meterPosition(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  if (rms === 0) return 0;
  return Math.min(1, Math.max(0, 1 - (20 * Math.log10(rms)) / FLOOR_DB));
}

/** Listens to one track at a time. */
export class LevelMeter {
  #context: AudioContext | null = null;
  #analyser: AnalyserNode | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #copy: MediaStreamTrack | null = null;
  #of: MediaStreamTrack | null = null;
  readonly #samples = new Float32Array(1024);

  /** Listen to `track`, or to nothing. */
  listen(track: MediaStreamTrack | null): void {
    if (track === this.#of) return;
    this.#release();
    this.#of = track;
    if (!track) return;
    this.#context ??= new AudioContext();
    this.#analyser ??= this.#context.createAnalyser();
    this.#copy = track.clone();
    this.#copy.enabled = true;
    this.#source = this.#context.createMediaStreamSource(new MediaStream([this.#copy]));
    this.#source.connect(this.#analyser);
  }

  /** The level now, 0 to 1. */
  read(): number {
    if (!this.#analyser || !this.#of) return 0;
    // Browsers hold the context back until a click where they do not count the microphone as one.
    if (this.#context?.state === 'suspended') void this.#context.resume().catch(() => undefined);
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return meterPosition(this.#samples);
  }

  dispose(): void {
    this.#release();
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
    this.#analyser = null;
  }

  #release(): void {
    this.#source?.disconnect();
    this.#copy?.stop();
    this.#source = this.#copy = this.#of = null;
  }
}
