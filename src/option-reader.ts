import { inspect } from 'node:util';
import { TrackUsageError } from './errors.js';

/** Options with every default filled in. */
export type Resolved<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** Checks the options of one function, each by its name, and refuses what cannot be used. */
export class OptionReader<Options extends object> {
  readonly #subject: string;
  readonly #prefix: string;
  readonly #options: Options;

  /**
   * @param subject - who takes the options, such as `trackUsage`
   * @param options - what was given
   * @param names - the names that exist
   * @param group - the option that holds these options, if they are nested
   * @param expected - what the options should be, for the error if they are not an object
   * @throws {TrackUsageError} `INVALID_OPTION` if the options are not an object or one of them does not exist
   */
  constructor(
    subject: string,
    options: Options,
    names: readonly (keyof Options & string)[],
    group?: string,
    expected = group === undefined ? 'an object' : `an object such as { ${names[0]} }`,
  ) {
    this.#subject = subject;
    this.#prefix = group === undefined ? '' : `${group}.`;
    this.#options = options;
    if (!isObject(options)) throw invalid(subject, group ?? 'options', options, expected);
    const known: readonly string[] = names;
    for (const name of Object.keys(options)) {
      if (!known.includes(name)) {
        throw new TrackUsageError(
          'INVALID_OPTION',
          `${subject}: there is no option '${this.#prefix}${name}' (it was given ${kindOf(options[name as keyof Options])}). ` +
            `The options are ${known.map((option) => `'${this.#prefix}${option}'`).join(', ')}.`,
        );
      }
    }
  }

  /** The value of an option that passes `accepts`, or `fallback` if it was not given. */
  read<Value>(
    name: keyof Options & string,
    accepts: (value: unknown) => boolean,
    expected: string,
    fallback: Value,
  ): Value {
    const value: unknown = this.#options[name];
    if (value === undefined) return fallback;
    if (!accepts(value)) throw invalid(this.#subject, `${this.#prefix}${name}`, value, expected);
    return value as Value;
  }

  /** An integer within bounds, both inclusive. */
  integer<Fallback>(
    name: keyof Options & string,
    bounds: { readonly min: number; readonly max: number; readonly default: Fallback },
  ): number | Fallback {
    const { min, max } = bounds;
    const accepts = (value: unknown): boolean =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
    return this.read<number | Fallback>(name, accepts, `an integer from ${min} to ${max}`, bounds.default);
  }

  /** One of a closed list of texts. */
  oneOf<const Value extends string, const Fallback = Value>(
    name: keyof Options & string,
    values: readonly Value[],
    fallback: Fallback,
  ): Value | Fallback {
    const accepts = (value: unknown): boolean => values.some((candidate) => candidate === value);
    return this.read<Value | Fallback>(
      name,
      accepts,
      values.map((value) => `'${value}'`).join(' or '),
      fallback,
    );
  }

  /** `true` or `false`. */
  boolean<Fallback>(name: keyof Options & string, fallback: Fallback): boolean | Fallback {
    return this.read<boolean | Fallback>(
      name,
      (value) => typeof value === 'boolean',
      'true or false',
      fallback,
    );
  }

  /** Text that is not empty. */
  text<Fallback>(name: keyof Options & string, fallback: Fallback): string | Fallback {
    return this.read<string | Fallback>(name, isText, 'text that is not empty', fallback);
  }

  /** Refuses an option for a reason of its own. */
  refuse(name: keyof Options & string, expected: string): never {
    throw invalid(this.#subject, `${this.#prefix}${name}`, this.#options[name], expected);
  }
}

/** Whether a value is text that is not empty. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whether a value is an object with names: neither null nor a list. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value can be called. */
export function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** Whether a value has all these methods. */
export function hasMethods(value: unknown, ...methods: readonly string[]): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
}

function invalid(subject: string, name: string, value: unknown, expected: string): TrackUsageError {
  return new TrackUsageError(
    'INVALID_OPTION',
    `${subject}: the option '${name}' is ${show(value)}; expected ${expected}.`,
  );
}

/** A value under a name that nobody knows, which may be a misspelt password: text, and what may hold it, is not shown. */
function kindOf(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean'
    ? show(value)
    : `a value of type ${typeof value}`;
}

/**
 * A value as an error shows it: on one line, and not too long. What others made of its inspection does not count: it
 * may throw, as that of an invalid `Date` does where MikroORM's connection to MongoDB has changed it.
 */
export function show(value: unknown): string {
  return inspect(value, {
    depth: 0,
    maxStringLength: 80,
    maxArrayLength: 3,
    breakLength: Infinity,
    customInspect: false,
  });
}
