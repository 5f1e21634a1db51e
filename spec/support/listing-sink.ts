import type { RecordSink } from '../../src/capture/record-sink.js';

/** A sink that adds what it is told to a list. */
export function listing(lines: string[]): Pick<RecordSink, 'fault' | 'warn'> {
  return {
    fault: (_what, error) => lines.push((error as Error).message),
    warn: (_kind, message) => lines.push(message),
  };
}
