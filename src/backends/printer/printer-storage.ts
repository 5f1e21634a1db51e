import { inspect } from 'node:util';
import { hasMethods, option, readOptions, text } from '../../option-reader.js';
import { escapeControl } from '../../record/escape-control.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { RefusedRecord, StoreResult, UsageStorage } from '../../storage/usage-storage.js';
import { orAbort } from '../../time/or-abort.js';
import { TurnBudget } from '../../time/turn-budget.js';
import { type LineFormatter, formatCombined, formatJson, formatText } from './formats.js';

/** A stream that takes the lines, such as `process.stdout` or a file's. */
export type PrinterOutput = Pick<NodeJS.WritableStream, 'write' | 'on' | 'removeListener'>;

/** How a record is printed: by name, or by a function that returns the line. */
export type PrinterFormat = 'text' | 'json' | 'combined' | LineFormatter;

const FORMATS = { text: formatText, json: formatJson, combined: formatCombined };

/** The options of `PrinterStorage`. */
export class PrinterOptions {
  /** The stream that takes the lines; it stays open. @default process.stdout */
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
  /** Its name in statistics, events and the log. @default 'printer' */
  readonly name? = text({ default: 'printer' });
}

/**
 * Prints one line a record. Control characters are escaped, also those that a format function returns. Such a storage
 * keeps nothing, and so cannot be read.
 */
export class PrinterStorage implements UsageStorage {
  /** @inheritdoc */
  readonly name: string;
  readonly #output: PrinterOutput;
  readonly #format: LineFormatter;
  /** The batch that is being printed, also when nobody waits for it any more. */
  #printing: { readonly batch: readonly UsageRecord[]; readonly result: Promise<StoreResult> } | null = null;

  /** @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used */
  constructor(options: PrinterOptions = {}) {
    const { name, output, format } = readOptions('new PrinterStorage', PrinterOptions, options);
    this.name = name;
    this.#output = output;
    this.#format = typeof format === 'function' ? escaped(format) : FORMATS[format];
  }

  /**
   * Prints a batch, or waits for the end of an earlier attempt to print it. A record whose format function throws is
   * refused.
   *
   * @throws the stream's error; the batch may then be printed again
   */
  async store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    signal.throwIfAborted();
    const earlier = this.#printing;
    if (earlier !== null) {
      const result = await orAbort(earlier.result, signal);
      if (haveSameIds(earlier.batch, batch)) return result;
    }
    const printing = { batch, result: this.#print(batch) };
    this.#printing = printing;
    const forget = (): void => {
      if (this.#printing === printing) this.#printing = null;
    };
    printing.result.then(forget, forget);
    return orAbort(printing.result, signal);
  }

  /** Prints in each turn of the event loop as many lines as the budget of a turn allows. */
  async #print(batch: readonly UsageRecord[]): Promise<StoreResult> {
    const refused: RefusedRecord[] = [];
    // Strangers choose how long a line is.
    const budget = new TurnBudget(1);
    let lines = '';
    for (const record of batch) {
      try {
        lines += `${this.#format(record)}\n`;
      } catch (thrown) {
        const error =
          thrown instanceof Error ? thrown : new Error(`The format function threw ${inspect(thrown)}`);
        refused.push({ id: record.id, error });
      }
      if (!budget.isSpentAfterStep()) continue;
      await this.#write(lines);
      lines = '';
      await budget.nextTurn();
    }
    await this.#write(lines);
    return { stored: batch.length - refused.length, refused };
  }

  /** Resolves when the stream has taken the lines in. */
  async #write(lines: string): Promise<void> {
    if (lines === '') return;
    const output = this.#output;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    output.on('error', reject);
    try {
      output.write(lines, (error) => (error == null ? resolve() : reject(error)));
      await promise;
    } finally {
      // The stream emits the error after the callback; without a listener it would end the process.
      setImmediate(() => output.removeListener('error', reject));
    }
  }
}

function haveSameIds(batch: readonly UsageRecord[], other: readonly UsageRecord[]): boolean {
  return batch.length === other.length && batch.every(({ id }, index) => id === other[index]?.id);
}

/** A format function whose lines are safe to print. */
function escaped(format: (record: UsageRecord) => unknown): LineFormatter {
  return (record) => {
    const line = format(record);
    if (typeof line === 'string') return escapeControl(line);
    throw new TypeError(`The format function returned ${inspect(line, { depth: 0 })}; expected text.`);
  };
}
