import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../time/clock.js';

/** Where a command writes: a terminal, a pipe or a file. */
export type CliStream = Writable & {
  readonly isTTY?: boolean | undefined;
  /** The width of the terminal, in characters. */
  readonly columns?: number | undefined;
};

/** What a command has of the world. */
export interface CliIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Answers alone. */
  readonly stdout: CliStream;
  /** Errors, questions, progress, and what else is no answer. */
  readonly stderr: CliStream;
  /** The folder that names of files are read from. */
  readonly cwd: string;
  readonly clock: Clock;
  /** Aborted with an {@link Interruption} when the user ends the command. */
  readonly signal: AbortSignal;
}

/** The end of a command by a signal, such as Ctrl-C. */
export class Interruption extends Error {
  /** What the process ends with, as shells count: 128 and the signal's number. */
  readonly exitCode: number;

  /** @param signalNumber - that of the signal, such as 2 for SIGINT */
  constructor(signalNumber: number) {
    super('The command was interrupted.');
    this.exitCode = 128 + signalNumber;
  }
}
