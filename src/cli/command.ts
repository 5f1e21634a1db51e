import type { ExitCode } from './failure.js';
import type { CliIo } from './io.js';
import type { Output } from './output.js';
import type { Source } from './source/source.js';
import type { Values } from './values.js';

/** An option of a command. */
interface CliOption {
  /** What stands for its value in the help; none for a switch. */
  readonly value?: string;
  /** Whether it may be given several times. @default false */
  readonly isMany?: boolean;
  /** What it does, in a few words, with its default. */
  readonly about: string;
}

/** Options by their names. */
export type CliOptions = Readonly<Record<string, CliOption>>;

/** A command, one a file. */
export interface Command {
  readonly name: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  /** Further sentences, a paragraph each. */
  readonly details?: readonly string[];
  /** The names of what stands without an option, all of which or none has to be given. */
  readonly operands?: readonly string[];
  /** Whether it needs records, and so the options that say where they are. @default true */
  readonly needsRecords?: boolean;
  /** Whether a configuration alone says where they are. @default false: `--database` may as well */
  readonly needsConfig?: boolean;
  /** Whether it ends by itself, in its own time, when the user ends it. @default false: it is left where it is */
  readonly endsItself?: boolean;
  readonly options: CliOptions;
  /** Calls of it, without the program's name. */
  readonly examples: readonly string[];
  /**
   * Does it.
   *
   * @throws {CliError | TrackUsageError} what is to be told to the user
   */
  readonly run: (call: Call) => Promise<ExitCode>;
}

/** One call of a command. */
export interface Call {
  readonly values: Values;
  readonly operands: readonly string[];
  readonly io: CliIo;
  readonly out: Output;
  readonly err: Output;
  readonly source: Source;
}
