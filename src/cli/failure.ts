import { TrackUsageError, type TrackUsageErrorCode } from '../errors.js';

/** What the process ends with. */
export const EXIT = {
  /** Nothing is wrong. */
  fine: 0,
  /** Something was found that somebody has to see to. */
  found: 1,
  /** The command was called in a wrong way, or something is set up wrongly. */
  usage: 2,
  /** It cannot be told, such as where a database is away. */
  unknown: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command that cannot be done, for a reason that its message tells in one sentence or two. */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** Errors for which somebody has to call the command otherwise, or to set something up. */
const TO_BE_MENDED: ReadonlySet<TrackUsageErrorCode> = new Set([
  'INVALID_OPTION',
  'INVALID_QUERY',
  'INVALID_DECORATION',
  'NO_STORAGE',
  'STORAGE_SETUP',
]);

/** What the process ends with after an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  return error instanceof TrackUsageError && TO_BE_MENDED.has(error.code) ? EXIT.usage : EXIT.unknown;
}

/** The error of a command that was called in a wrong way. */
export function wrongUsage(message: string): CliError {
  return new CliError(EXIT.usage, message);
}
