import { inspect, types } from 'node:util';
import { TrackUsageError } from './errors.js';

/** How one option is read. */
export interface OptionKind<Given = never> {
  /** The usable values, in the words of an error. */
  readonly expected: string;
  /** Whether a value can be used. @default every value */
  readonly accepts?: (value: unknown) => boolean;
  /** The setting if the option is not given. @default undefined */
  readonly default?: unknown;
  /** Whether the option has to be given. @default false */
  readonly isRequired?: boolean;
  /** Whether errors must not show the value. @default false */
  readonly isSecret?: boolean;
  /** The smallest number, and the largest, both inclusive. */
  readonly min?: number;
  readonly max?: number;
  /** The unit of a number; none for a mere count. */
  readonly unit?: Unit | undefined;
  /** The only texts that can be used. */
  readonly values?: readonly string[];
  /** The table of the options that this option holds. */
  readonly table?: new () => object;
  /** Makes the setting of an accepted value, or refuses the value after all. @default the value itself */
  readonly convert?: (value: Given, place: OptionPlace) => unknown;
}

type Unit = 'milliseconds' | 'bytes';

/** An option, as an error names it. */
export interface OptionPlace {
  /** The function that takes the option, such as `trackUsage`. */
  readonly subject: string;
  /** The option's name, behind the name of the option that holds it. */
  readonly name: string;
}

/** Options with every default filled in; `Other` has the settings whose types differ from their options'. */
export type Settings<Options, Other extends object = object> = Readonly<Other> & {
  readonly [Name in Exclude<keyof Options, keyof Other>]-?: Exclude<Options[Name], undefined>;
};

/**
 * Describes an option, in a class that is both the table of a function's options and their type: each field
 * holds the kind of its option, and has the type of a value that may be given. A type that is computed from
 * the table would cost the options their docstrings in editors.
 */
export function option<Given>(kind: OptionKind<Given>): Given | undefined {
  return kind as never;
}

/** An option that has to be given. */
export function required<Given>(described: Given | undefined): Given {
  return { ...(described as OptionKind), isRequired: true } as never;
}

/** An integer within bounds, both inclusive. */
export function integer(
  kind: Required<Pick<OptionKind, 'min' | 'max'>> & { default?: number; unit?: Unit },
): number | undefined {
  const { min, max, unit } = kind;
  return option<number>({
    ...kind,
    expected: `an integer from ${min} to ${max}${unit === undefined ? '' : ` (${unit})`}`,
    accepts: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  });
}

/** One of a closed list of texts. */
export function oneOf<const Value extends string>(
  values: readonly Value[],
  fallback?: NoInfer<Value>,
): Value | undefined {
  return option<Value>({
    values,
    default: fallback,
    expected: values.map((value) => `'${value}'`).join(' or '),
    accepts: (value) => values.some((candidate) => candidate === value),
  });
}

/** `true` or `false`. */
export function boolean(fallback?: boolean): boolean | undefined {
  return option<boolean>({
    default: fallback,
    expected: 'true or false',
    accepts: (value) => typeof value === 'boolean',
  });
}

/** Text that is not empty. */
export function text(kind: Partial<OptionKind<string>> = {}): string | undefined {
  return option<string>({ expected: 'text that is not empty', accepts: isText, ...kind });
}

/** A function; null where none is given. */
export function callable<Given>(fallback: Given | null = null): Given | undefined {
  return option<Given>({ default: fallback, expected: 'a function', accepts: isFunction });
}

/** An object of options; with `null` for a fallback, an omitted object has no defaults. */
export function group<Options extends object>(
  table: new () => Options,
  fallback: object | null = readOptions('', table, {}),
): Options | undefined {
  return option<Options>({
    table,
    default: fallback,
    expected: `an object such as { ${Object.keys(kindsOf(table))[0]} }`,
    accepts: isObject,
    convert: (options, { subject, name }) => readOptions(subject, table, options, name),
  });
}

/** The kinds of a table's options, by name. */
export function kindsOf(table: new () => object): Readonly<Record<string, OptionKind>> {
  return new table() as never;
}

/**
 * Checks the options of a function, each by its name, and fills in the defaults.
 *
 * @param subject - who takes the options, such as `trackUsage`
 * @param table - the options that exist: a field each, made by `integer`, `text`, `option` …
 * @param options - what was given
 * @param holder - the option that holds these options, if they are nested
 * @throws {TrackUsageError} `INVALID_OPTION` if `options` is not an object, or an option is unknown, missing
 *   or cannot be used; the error names the option, its value and what was expected
 */
export function readOptions<Options extends object, Other extends object = object>(
  subject: string,
  table: new () => Options,
  options: Partial<Options>,
  holder?: string,
): Settings<Options, Other> {
  if (!isObject(options)) refuseOption({ subject, name: holder ?? 'options' }, options, 'an object');
  const given = options as Readonly<Record<string, unknown>>;
  const kinds = Object.entries(kindsOf(table));
  const nameOf = (name: string): string => (holder === undefined ? name : `${holder}.${name}`);
  const unknown = Object.keys(options).find((name) => !kinds.some(([known]) => known === name));
  if (unknown !== undefined) {
    throw new TrackUsageError(
      'INVALID_OPTION',
      `${subject}: there is no option '${nameOf(unknown)}' (it was given ${kindOf(given[unknown])}). ` +
        `The options are ${kinds.map(([name]) => `'${nameOf(name)}'`).join(', ')}.`,
    );
  }
  const settings = kinds.map(([name, kind]) => [
    name,
    read(kind, given[name], { subject, name: nameOf(name) }),
  ]);
  return Object.fromEntries(settings) as Settings<Options, Other>;
}

function read(kind: OptionKind, value: unknown, place: OptionPlace): unknown {
  if (value === undefined && kind.isRequired !== true) return kind.default;
  if (kind.accepts?.(value) === false) refuseOption(place, value, kind.expected, kind.isSecret);
  return kind.convert === undefined ? value : kind.convert(value as never, place);
}

/**
 * Refuses an option.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value unless it is a secret, and what
 *   was expected
 */
export function refuseOption(
  { subject, name }: OptionPlace,
  value: unknown,
  expected: string,
  isSecret = false,
): never {
  const problem =
    isSecret && value !== undefined ? 'cannot be used (its value is not shown)' : `is ${show(value)}`;
  throw new TrackUsageError(
    'INVALID_OPTION',
    `${subject}: the option '${name}' ${problem}; expected ${expected}.`,
  );
}

/** Whether a value is text that is not empty. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The dates that `readDate` reads, in the words of an error. */
export const A_DATE =
  "a valid Date, or ISO 8601 text: a day such as '2026-01-31', or a time with its zone such as '2026-01-31T12:00:00Z'";

/** Reads a `Date`, or text that means the same moment on every machine; null for anything else. */
export function readDate(value: unknown): Date | null {
  // isDate asks no proxy, unlike instanceof.
  if (!types.isDate(value) && !(typeof value === 'string' && isCalendarText(value))) return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** A day, or a day and a time of day with its zone. */
const ISO_8601 = /^(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** `Date` reads the 31st of February as the 3rd of March; a caller who wrote it is told instead. */
function isCalendarText(value: string): boolean {
  const [, year, month, day] = ISO_8601.exec(value) ?? [];
  return day !== undefined && Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
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

/** A value of an unknown option, which may be a misspelt password: a value that may hold text is not shown. */
function kindOf(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean'
    ? show(value)
    : `a value of type ${typeof value}`;
}

/**
 * A value as an error shows it: on one line, and not too long. Custom inspection is off, as it may throw:
 * that of an invalid `Date` does, where MikroORM's connection to MongoDB has changed it.
 */
export function show(value: unknown): string {
  return typeof value === 'string'
    ? inspect(withoutSecrets(value), SHOWN)
    : withoutSecrets(inspect(value, SHOWN));
}

const SHOWN = {
  depth: 0,
  maxStringLength: 80,
  maxArrayLength: 3,
  breakLength: Infinity,
  customInspect: false,
};

/** Cuts text where a password or a key may begin, as both may in a URL. */
function withoutSecrets(shown: string): string {
  const colon = shown.indexOf(':');
  const slashes = shown.indexOf('://');
  if (colon >= 0 && shown.includes('@', colon)) return `${shown.slice(0, colon)}:…`;
  return slashes < 0 ? shown : `${shown.slice(0, slashes)}://…`;
}
