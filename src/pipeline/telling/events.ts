import { EventEmitter } from 'node:events';
import { TrackUsageError } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { DropReason } from './accounting.js';

/** Records that will not be stored. */
export interface DropEvent {
  /** The storage that does not get them; null if there is none. */
  readonly storage: string | null;
  /** Why the records are dropped. */
  readonly reason: DropReason;
  /** How many records are dropped. */
  readonly count: number;
  /** The records themselves; empty where they could not even be made. */
  readonly records: readonly UsageRecord[];
  /** The error behind the drop; null if there is none. */
  readonly error: Error | null;
}

/** An attempt at storing a batch that failed. The batch is kept and tried again. */
export interface StorageErrorEvent {
  /** The storage that failed. */
  readonly storage: string;
  /** The error that the storage threw. */
  readonly error: Error;
  /** Attempts that failed in a row, this one included. */
  readonly failures: number;
}

/** A batch that was stored. */
export interface FlushEvent {
  /** The storage that took the batch. */
  readonly storage: string;
  /** Records that were stored. */
  readonly stored: number;
  /** How long the attempt took, in milliseconds. */
  readonly durationMs: number;
}

/** A storage that works again. */
export interface RecoverEvent {
  /** The storage. */
  readonly storage: string;
  /** Attempts that had failed in a row. */
  readonly failures: number;
}

/** The events of a tracker, each with its payload. */
export interface TrackerEventMap {
  drop: [DropEvent];
  error: [StorageErrorEvent];
  flush: [FlushEvent];
  recover: [RecoverEvent];
}

/** The names of the events. */
const NAMES: readonly string[] = ['drop', 'error', 'flush', 'recover'] satisfies TrackerEventName[];

/** The name of an event. */
export type TrackerEventName = keyof TrackerEventMap;

/** Hands events to listeners. A listener that throws disturbs no other. */
export class TrackerEvents {
  readonly #emitter = new EventEmitter();
  readonly #onFailure: (error: unknown) => void;

  /** @param onFailure - learns what a listener threw */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /**
   * Adds a listener.
   *
   * @throws {TrackUsageError} `INVALID_OPTION` if there is no such event, or the listener is not a function
   */
  on<Name extends TrackerEventName>(name: Name, listener: (...payload: TrackerEventMap[Name]) => void): void {
    assertListener(name, listener);
    this.#emitter.on(name, listener);
  }

  /** Removes a listener. */
  off<Name extends TrackerEventName>(
    name: Name,
    listener: (...payload: TrackerEventMap[Name]) => void,
  ): void {
    this.#emitter.off(name, listener);
  }

  /** Calls the listeners, if there are any. */
  emit<Name extends TrackerEventName>(name: Name, payload: TrackerEventMap[Name][0]): void {
    for (const listener of this.#emitter.listeners(name)) {
      try {
        const result: unknown = (listener as (event: unknown) => unknown)(payload);
        // A listener may be asynchronous; without a handler its rejection would end the process.
        if (result instanceof Promise) result.catch(this.#onFailure);
      } catch (error) {
        this.#onFailure(error);
      }
    }
  }
}

function assertListener(name: string, listener: unknown): void {
  if (NAMES.includes(name) && typeof listener === 'function') return;
  const what = NAMES.includes(name) ? `a listener of type ${typeof listener}` : `the event '${name}'`;
  throw new TrackUsageError(
    'INVALID_OPTION',
    `tracker.on: it was given ${what}; expected one of the events ${NAMES.join(', ')}, and a function.`,
  );
}
