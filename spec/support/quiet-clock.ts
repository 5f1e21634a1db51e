import type { TimerHandle } from '../../src/time/clock.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

/** Turns of the event loop without work on files, after which there is none on its way either. A lock takes a few to be given back. */
const QUIET_TURNS = 10;
/** Somebody else's work is not waited for without end, in milliseconds. */
const LONGEST_WAIT_MS = 5000;

/** A clock that stands still as long as files are worked on, so that all of it takes no time. */
export class QuietClock extends ManualClock {
  readonly #dueMs = new Map<TimerHandle, number>();

  override setTimeout(callback: () => void, delayMs: number): TimerHandle {
    const timer = super.setTimeout(() => {
      this.#dueMs.delete(timer);
      callback();
    }, delayMs);
    this.#dueMs.set(timer, this.monotonic() + Math.max(0, delayMs));
    return timer;
  }

  override clearTimeout(timer: TimerHandle): void {
    this.#dueMs.delete(timer);
    super.clearTimeout(timer);
  }

  override async advance(byMs: number): Promise<void> {
    const endMs = this.monotonic() + byMs;
    await quiet();
    for (let dueMs = this.#next(); dueMs < endMs; dueMs = this.#next()) {
      await super.advance(Math.max(0, dueMs - this.monotonic()));
      await quiet();
    }
    await super.advance(endMs - this.monotonic());
    await quiet();
  }

  #next(): number {
    return Math.min(...this.#dueMs.values());
  }
}

async function quiet(): Promise<void> {
  const deadlineMs = performance.now() + LONGEST_WAIT_MS;
  for (let quietTurns = 0; quietTurns < QUIET_TURNS && performance.now() < deadlineMs;) {
    await new Promise((resolve) => setImmediate(resolve));
    quietTurns = process.getActiveResourcesInfo().some(isOfFiles) ? 0 : quietTurns + 1;
  }
}

function isOfFiles(resource: string): boolean {
  return /^(FSReq|CloseReq|PipeConnect)/.test(resource);
}
