import { constants } from 'node:os';

/** What a tracker does when its process ends. */
export interface EndingTracker {
  /** Stores the records that wait, unless the storages fail. */
  flush(): Promise<void>;
  /** Stores or spools the records that wait. */
  close(): Promise<unknown>;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** One listener for all trackers: Node warns of more than ten. */
const flushed = new Set<Pick<EndingTracker, 'flush'>>();

function flushAll(): void {
  for (const tracker of flushed) void tracker.flush();
}

/**
 * Flushes when the event loop has run dry (`beforeExit`), so that a script ends with its records stored.
 *
 * @returns a function that undoes it
 */
export function flushBeforeExit(tracker: Pick<EndingTracker, 'flush'>): () => void {
  if (flushed.size === 0) process.on('beforeExit', flushAll);
  flushed.add(tracker);
  return () => {
    flushed.delete(tracker);
    if (flushed.size === 0) process.off('beforeExit', flushAll);
  };
}

/** One listener a signal for all trackers. */
const closed = new Set<Pick<EndingTracker, 'close'>>();

function closeAll(signal: NodeJS.Signals): void {
  ignoreSignals();
  // Counted now: a listener that is called once is gone by the time that all trackers are closed.
  const isAlone = process.listenerCount(signal) === 0;
  void Promise.allSettled([...closed].map((tracker) => tracker.close())).then(() => {
    if (isAlone) endBy(signal);
  });
}

/** Ends the process as the signal does where nobody listens for it. */
function endBy(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
  // Linux spares a container's first process (pid_namespaces(7)). Shells give this exit code to such an end.
  if (process.pid === 1) process.exit(128 + constants.signals[signal]);
}

function ignoreSignals(): void {
  for (const signal of SIGNALS) process.off(signal, closeAll);
}

/**
 * Closes on SIGTERM and SIGINT, and then, when all trackers are closed, lets the signal do what it would have done.
 * Where the application listens for the signal as well, it decides when the process ends. A second signal is not
 * held up.
 *
 * @returns a function that undoes it
 */
export function closeOnSignals(tracker: Pick<EndingTracker, 'close'>): () => void {
  // In front of the application's own listeners, of which those that are called once are gone afterwards.
  if (closed.size === 0) for (const signal of SIGNALS) process.prependListener(signal, closeAll);
  closed.add(tracker);
  return () => {
    closed.delete(tracker);
    if (closed.size === 0) ignoreSignals();
  };
}
