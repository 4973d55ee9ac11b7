/** A box with more rows than it is high shows them a boxful at a time. Its rows are equally high. */
import { onMounted, onUnmounted, reactive, type Ref } from 'vue'

const TURN_MS = 9000

/** Which boxful is shown, from 0, of how many. */
export function useTurns(box: Ref<HTMLElement | null>): { at: number; of: number } {
  const turn = reactive({ at: 0, of: 1 })
  function show(at: number) {
    if (!box.value) return
    turn.of = Math.max(1, Math.ceil(box.value.scrollHeight / box.value.clientHeight - 0.1))
    turn.at = at % turn.of
    box.value.scrollTop = turn.at * box.value.clientHeight
  }
  const timer = setInterval(() => show(turn.at + 1), TURN_MS)
  onMounted(() => show(0))
  onUnmounted(() => clearInterval(timer))
  return turn
}
