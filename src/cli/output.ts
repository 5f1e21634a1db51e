import type { CliStream } from './io.js';

/** The end of a command whose reader has gone, as that of `… | head` has. */
export class ClosedPipe extends Error {}

/** Writes to a stream, no faster than it takes it. */
export class Output {
  readonly stream: CliStream;

  constructor(stream: CliStream) {
    this.stream = stream;
    // The callback of the write that failed tells of it.
    stream.on('error', () => {});
  }

  /** Whether somebody looks at it. */
  get isTerminal(): boolean {
    return this.stream.isTTY === true;
  }

  /** The width of the terminal in characters; null where there is none to fit into. */
  get width(): number | null {
    return this.isTerminal ? (this.stream.columns ?? null) : null;
  }

  /**
   * Writes text, which must be escaped.
   *
   * @throws {ClosedPipe} if nobody reads it any more
   */
  write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.stream.write(text, (error) => {
        if (!error) resolve();
        else reject(hasGone(error) ? new ClosedPipe() : error);
      });
    });
  }
}

function hasGone(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED' || error.code === 'ECONNRESET';
}
