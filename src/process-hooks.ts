/** What a tracker does when its process ends. */
export interface EndingTracker {
  /** Stores what waits, unless the storages fail. */
  flush(): Promise<void>;
  /** Stores or spools what waits. */
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
 * @returns takes it back
 */
export function flushBeforeExit(tracker: Pick<EndingTracker, 'flush'>): () => void {
  if (flushed.size === 0) process.on('beforeExit', flushAll);
  flushed.add(tracker);
  return () => {
    flushed.delete(tracker);
    if (flushed.size === 0) process.off('beforeExit', flushAll);
  };
}

/**
 * Closes on SIGTERM and SIGINT, and then lets the signal do what it would have done. Where the application listens
 * for the signal as well, it decides when the process ends. A second signal is not held up.
 *
 * @returns takes it back
 */
export function closeOnSignals(tracker: Pick<EndingTracker, 'close'>): () => void {
  const listeners = SIGNALS.map((signal) => {
    const onSignal = (): void => {
      void tracker.close().finally(() => {
        if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
      });
    };
    process.once(signal, onSignal);
    return { signal, onSignal };
  });
  return () => {
    for (const { signal, onSignal } of listeners) process.off(signal, onSignal);
  };
}
