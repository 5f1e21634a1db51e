import type { Clock, TimerHandle } from '../time/clock.js';
import type { Output } from './output.js';

/** From one line of progress to the next, in milliseconds. */
const PERIOD_MS = 200;

/** Clears the line and goes back to its beginning (ECMA-48: EL with a parameter of 2). */
const CLEAR_LINE = '\r\u001b[2K';

/**
 * Shows on a terminal how far some work has come, in one line that is gone when the work is over.
 *
 * @param textOf - the line, which must be escaped
 */
export async function withProgress<Value>(
  terminal: Output,
  clock: Clock,
  textOf: () => string,
  work: () => Promise<Value>,
): Promise<Value> {
  if (!terminal.isTerminal) return work();
  let timer: TimerHandle | null = null;
  const show = (): void => {
    timer = clock.setTimeout(show, PERIOD_MS, false);
    void terminal.write(CLEAR_LINE + textOf().slice(0, (terminal.width ?? Infinity) - 1)).catch(() => {});
  };
  show();
  try {
    return await work();
  } finally {
    if (timer !== null) clock.clearTimeout(timer);
    await terminal.write(CLEAR_LINE).catch(() => {});
  }
}
