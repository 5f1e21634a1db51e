import { constants } from 'node:os';

/** What a tracker does when its process ends. */
export interface EndingTracker {
  /** The signals on which the tracker closes. */
  readonly signals: readonly NodeJS.Signals[];
  /** Stores what waits, unless the storages fail. */
  flush(): Promise<void>;
  /** Books as dropped what is in memory alone, as nothing can be awaited any more. */
  abandon(): void;
  /** Stores or spools what waits. */
  close(): Promise<unknown>;
}

const trackers = new Set<EndingTracker>();

/** The signals that are listened for. */
const heard = new Set<NodeJS.Signals>();

function flushAll(): void {
  for (const tracker of trackers) void tracker.flush();
}

function abandonAll(): void {
  for (const tracker of trackers) tracker.abandon();
}

/** The trackers that close on signals: each closes on any signal that is heard, as every such signal ends the process. */
function closing(): readonly EndingTracker[] {
  return [...trackers].filter(({ signals }) => signals.length > 0);
}

function closeAll(signal: NodeJS.Signals): void {
  ignoreSignals();
  // Counted now: a listener that is called once is gone by the time that all trackers are closed.
  const isAlone = process.listenerCount(signal) === 0;
  void Promise.allSettled(closing().map((tracker) => tracker.close())).then(() => {
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
  for (const signal of heard) process.off(signal, closeAll);
  heard.clear();
}

/**
 * Has a tracker flush when the event loop has run dry (`beforeExit`), so that a script ends with its records stored, and
 * abandon what is left when the process exits. On its signals it closes, and when all trackers are closed, the signal does
 * what it would have done. Where the application listens for the signal as well, it decides when the process ends. A
 * second signal is not held up.
 *
 * @returns a function that undoes it
 */
export function attendProcess(tracker: EndingTracker): () => void {
  // One listener an event for all trackers: Node warns of more than ten.
  if (trackers.size === 0) process.on('beforeExit', flushAll).on('exit', abandonAll);
  trackers.add(tracker);
  for (const signal of tracker.signals) {
    // In front of the application's own listeners, which may be called once and then be gone.
    if (!heard.has(signal)) process.prependListener(signal, closeAll);
    heard.add(signal);
  }
  return () => {
    trackers.delete(tracker);
    if (trackers.size === 0) process.off('beforeExit', flushAll).off('exit', abandonAll);
    if (closing().length === 0) ignoreSignals();
  };
}
