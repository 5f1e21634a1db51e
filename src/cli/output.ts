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

  /** The width of the terminal in characters, or elsewhere what `COLUMNS` says (POSIX.1-2017, 8.3); null where there is none to fit into. */
  get width(): number | null {
    if (this.isTerminal) return this.stream.columns ?? null;
    const { COLUMNS: asked = '' } = process.env;
    return /^[1-9]\d{0,4}$/.test(asked) ? Number(asked) : null;
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

  /**
   * Writes text that is made piece by piece.
   *
   * @throws {ClosedPipe} if nobody reads it any more
   */
  async writeAll(pieces: AsyncIterable<string>): Promise<void> {
    for await (const piece of pieces) await this.write(piece);
  }
}

function hasGone(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED' || error.code === 'ECONNRESET';
}
