/** A short tone: what was laid or held there has been seen. A machine without sound goes on without it. */
const HERTZ = 1320
const LASTS_S = 0.12

export function beep(): void {
  try {
    const context = new AudioContext()
    const tone = context.createOscillator()
    const volume = context.createGain()
    volume.gain.value = 0.15
    tone.frequency.value = HERTZ
    tone.connect(volume)
    volume.connect(context.destination)
    tone.onended = () => void context.close()
    tone.start()
    tone.stop(context.currentTime + LASTS_S)
  } catch {
    // No sound here.
  }
}
