import { inspect } from 'node:util';
import { hasMethods, option, readOptions, text } from '../../option-reader.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { orAbort } from '../../time/or-abort.js';
import type { RefusedRecord, StoreResult, UsageStorage } from '../../storage/usage-storage.js';
import { escapeControl } from '../../record/escape-control.js';
import { type LineFormatter, formatCombined, formatJson, formatText } from './formats.js';

/** Where lines go: a writable stream such as `process.stdout` or a file's. */
export type PrinterOutput = Pick<NodeJS.WritableStream, 'write' | 'on' | 'removeListener'>;

/** How a record is printed: by name, or by a function that returns the line. */
export type PrinterFormat = 'text' | 'json' | 'combined' | LineFormatter;

const FORMATS = { text: formatText, json: formatJson, combined: formatCombined };

/** The options of `PrinterStorage`. */
export class PrinterOptions {
  /** Where lines go. It stays open. @default process.stdout */
  readonly output? = option<PrinterOutput>({
    get default() {
      return process.stdout;
    },
    expected: 'a writable stream',
    accepts: (value) => hasMethods(value, 'write', 'on', 'removeListener'),
  });
  /**
   * `'text'` for people, `'json'` for machines, `'combined'` for Apache's combined log format, or a function that
   * returns a record's line without the line feed. @default 'text'
   */
  readonly format? = option<PrinterFormat>({
    default: 'text',
    expected: "'text', 'json', 'combined' or a function",
    accepts: (value) => typeof value === 'function' || Object.keys(FORMATS).includes(value as string),
  });
  /** What it is called in statistics, events and the log. @default 'printer' */
  readonly name? = text({ default: 'printer' });
}

/**
 * Prints one line a record. Control characters are escaped, also those that a format function returns. It keeps
 * nothing, and so cannot be read.
 */
export class PrinterStorage implements UsageStorage {
  /** @inheritdoc */
  readonly name: string;
  readonly #output: PrinterOutput;
  readonly #format: LineFormatter;
  /** What the stream has been given and has not taken in. */
  #writing: { readonly lines: string; readonly done: Promise<void> } | null = null;

  /** @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used */
  constructor(options: PrinterOptions = {}) {
    const { name, output, format } = readOptions('new PrinterStorage', PrinterOptions, options);
    this.name = name;
    this.#output = output;
    this.#format = typeof format === 'function' ? escaped(format) : FORMATS[format];
  }

  /**
   * Prints a batch. A record whose format function throws is refused.
   *
   * @throws what the stream failed with; the batch may then be printed again
   */
  async store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    const refused: RefusedRecord[] = [];
    let lines = '';
    for (const record of batch) {
      try {
        lines += `${this.#format(record)}\n`;
      } catch (thrown) {
        const error =
          thrown instanceof Error ? thrown : new Error(`The format function threw ${inspect(thrown)}`);
        refused.push({ id: record.id, error });
      }
    }
    if (lines !== '') await this.#print(lines, signal);
    return { stored: batch.length - refused.length, refused };
  }

  /** Writes lines, or waits for those of an earlier attempt that the stream has not taken in yet. */
  async #print(lines: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const earlier = this.#writing;
    if (earlier !== null) {
      await orAbort(earlier.done, signal);
      if (earlier.lines === lines) return;
    }
    const writing = { lines, done: this.#write(lines) };
    this.#writing = writing;
    const forget = (): void => {
      if (this.#writing === writing) this.#writing = null;
    };
    writing.done.then(forget, forget);
    await orAbort(writing.done, signal);
  }

  /** Resolves when the stream has taken the lines in. */
  #write(lines: string): Promise<void> {
    const output = this.#output;
    return new Promise<void>((resolve, reject) => {
      const settle = (error?: Error | null): void => {
        // The stream emits the error after the callback; without a listener it would end the process.
        setImmediate(() => output.removeListener('error', settle));
        if (error == null) resolve();
        else reject(error);
      };
      output.on('error', settle);
      try {
        output.write(lines, settle);
      } catch (error) {
        settle(error instanceof Error ? error : new Error(inspect(error)));
      }
    });
  }
}

/** A format function's line, made safe to print. */
function escaped(format: (record: UsageRecord) => unknown): LineFormatter {
  return (record) => {
    const line = format(record);
    if (typeof line === 'string') return escapeControl(line);
    throw new TypeError(`The format function returned ${inspect(line, { depth: 0 })}; expected text.`);
  };
}
