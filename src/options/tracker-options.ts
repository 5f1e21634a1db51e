import type { Context } from 'koa';
import { Container, type Token } from 'typedi';
import { type Clock, systemClock } from '../time/clock.js';
import { TrackUsageError } from '../errors.js';
import type { DefaultPolicy } from '../metadata/policy.js';
import type { GeoLookup } from '../record/geo-info.js';
import { TEXT_LIMITS } from '../record/limits.js';
import { cleanText } from '../record/text.js';
import { type UsageStorage, isStorage } from '../storage/usage-storage.js';
import { type AddressOptions, type AddressSettings, resolveAddressOptions } from './address-options.js';
import {
  type BatchOptions,
  type QueueOptions,
  type RetryOptions,
  resolveBatch,
  resolveQueue,
  resolveRetry,
} from './delivery-options.js';
import { applicationName } from './server-name.js';
import { type GeoOptions, type GeoSettings, resolveGeo } from './geo-options.js';
import { type RetentionOptions, resolveRetention } from './retention-options.js';
import { type SpoolOptions, resolveSpool } from './spool-options.js';
import { OptionReader, type Resolved, hasMethods, isFunction } from '../option-reader.js';
import {
  RECORDING_NAMES,
  type RecordingOptions,
  type RecordingSettings,
  resolveRecordingOptions,
} from './recording-options.js';

/** Says who calls, or nothing if nobody is known. */
export type UserReader = (ctx: Context) => string | null | undefined | PromiseLike<string | null | undefined>;

/** Where the tracker says what an operator should know. `console` is one. */
export interface UsageLogger {
  /** Something works less well than it could. */
  warn(message: string): void;
  /** Something does not work. */
  error(message: string): void;
}

/** The part of a TypeDI container that the tracker uses: `Container`, or what `Container.of()` returns. */
export interface UsageContainer {
  /** Whether there is a value under a token. */
  has(id: Token<unknown>): boolean;
  /** All values under a token. */
  getMany<Value>(id: Token<Value>): Value[];
  /** Takes away what is under a token. */
  remove(id: Token<unknown>): unknown;
  /** Puts under a token what makes its value. */
  set(service: { readonly id: Token<unknown>; readonly factory: () => unknown }): unknown;
}

/** The options of `trackUsage`. All of them may be left out. */
export interface TrackUsageOptions extends RecordingOptions, AddressOptions {
  /** One storage or a list. @default what the container holds under `StorageToken` */
  readonly storage?: UsageStorage | readonly UsageStorage[] | undefined;
  /** The TypeDI container to look into. @default TypeDI's global container */
  readonly container?: UsageContainer | undefined;
  /** What happens to actions that nobody decorated. @default 'exclude' */
  readonly defaultPolicy?: DefaultPolicy | undefined;
  /** Whether requests that no action answers are tracked; needs `defaultPolicy: 'include'`. @default false */
  readonly trackUnmatched?: boolean | undefined;
  /** What the records call this application. @default the name in the application's package.json */
  readonly serverName?: string | undefined;
  /**
   * Who calls. Called once for each tracked request, when its response has closed: what it needs should be on the
   * context. A promise is waited for up to a second. @default the user name of Basic authentication
   */
  readonly user?: UserReader | undefined;
  /** Looks up where clients are, after the response and from their full addresses. @default none */
  readonly geo?: GeoLookup | GeoOptions | undefined;
  /** How much may wait in memory for a storage. */
  readonly queue?: QueueOptions | undefined;
  /** When and how much is handed to a storage. */
  readonly batch?: BatchOptions | undefined;
  /** How long a storage is waited for, and how a batch that failed is tried again. */
  readonly retry?: RetryOptions | undefined;
  /** Where records wait on disk while a storage does not take them. @default none */
  readonly spool?: SpoolOptions | undefined;
  /** How long records are kept. @default until somebody deletes them */
  readonly retention?: RetentionOptions | undefined;
  /**
   * Whether the tracker closes itself on SIGTERM and SIGINT, and then lets the signal end the process, unless the
   * application listens for it too. @default false
   */
  readonly handleSignals?: boolean | undefined;
  /** Whether the figures are metrics of OpenTelemetry, where `@opentelemetry/api` is installed. @default true */
  readonly metrics?: boolean | undefined;
  /** Where losses and failures are logged. @default console */
  readonly logger?: UsageLogger | undefined;
  /** Where the time comes from; for tests. @default the machine's clocks */
  readonly clock?: Clock | undefined;
}

/** The options with every default filled in. */
export interface TrackerSettings
  extends
    RecordingSettings,
    AddressSettings,
    Omit<
      Resolved<TrackUsageOptions>,
      | keyof RecordingOptions
      | keyof AddressOptions
      | 'storage'
      | 'user'
      | 'geo'
      | 'queue'
      | 'batch'
      | 'retry'
      | 'spool'
      | 'retention'
    > {
  /** The storages that were given; null if the container has to be asked. */
  readonly storages: readonly UsageStorage[] | null;
  /** Null where Basic authentication is to be read. */
  readonly user: UserReader | null;
  /** Null where nothing is looked up. */
  readonly geo: GeoSettings | null;
  readonly queue: Resolved<QueueOptions>;
  readonly batch: Resolved<BatchOptions>;
  readonly retry: Resolved<RetryOptions>;
  /** Null where nothing waits on disk. */
  readonly spool: Resolved<SpoolOptions> | null;
  /** Null where records are kept until somebody deletes them. */
  readonly retention: Resolved<RetentionOptions> | null;
}

const SUBJECT = 'trackUsage';
const NAMES = [
  'storage',
  'container',
  'defaultPolicy',
  'trackUnmatched',
  'serverName',
  ...RECORDING_NAMES,
  'user',
  'trustProxy',
  'ip',
  'geo',
  'queue',
  'batch',
  'retry',
  'spool',
  'retention',
  'handleSignals',
  'metrics',
  'logger',
  'clock',
] as const;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected
 */
export function resolveTrackerOptions(options: TrackUsageOptions): TrackerSettings {
  refuseStorage(options);
  const reader = new OptionReader(SUBJECT, options, NAMES);
  const defaultPolicy = reader.oneOf('defaultPolicy', ['exclude', 'include'], 'exclude');
  const trackUnmatched = reader.boolean('trackUnmatched', false);
  if (trackUnmatched && defaultPolicy === 'exclude') {
    reader.refuse(
      'trackUnmatched',
      "false, as unmatched requests are only tracked with defaultPolicy: 'include'",
    );
  }
  return {
    storages: readStorages(reader, options.storage),
    container: reader.read('container', isContainer, 'a TypeDI container', Container),
    defaultPolicy,
    trackUnmatched,
    serverName: cleanText(reader.text('serverName', null) ?? applicationName(), TEXT_LIMITS.serverName),
    ...resolveRecordingOptions(SUBJECT, reader, options.respect),
    user: reader.read('user', isFunction, 'a function', null as TrackerSettings['user']),
    ...resolveAddressOptions(reader),
    geo: options.geo === undefined ? null : resolveGeo(SUBJECT, options.geo),
    queue: resolveQueue(SUBJECT, options.queue),
    batch: resolveBatch(SUBJECT, options.batch),
    retry: resolveRetry(SUBJECT, options.retry),
    spool: options.spool === undefined ? null : resolveSpool(SUBJECT, options.spool),
    retention: resolveRetention(SUBJECT, options.retention),
    handleSignals: reader.boolean('handleSignals', false),
    metrics: reader.boolean('metrics', true),
    ...readSurroundings(reader),
  };
}

/** What a tracker takes from its surroundings. */
function readSurroundings(
  reader: OptionReader<TrackUsageOptions>,
): Pick<TrackerSettings, 'logger' | 'clock'> {
  return {
    logger: reader.read<UsageLogger>(
      'logger',
      (value) => hasMethods(value, 'warn', 'error'),
      'an object with the methods warn and error',
      console,
    ),
    clock: reader.read(
      'clock',
      isClock,
      'an object with now, monotonic, setTimeout and clearTimeout',
      systemClock,
    ),
  };
}

/** `trackUsage(storage)` is the mistake that Flask-Track-Usage's users make first. */
function refuseStorage(options: unknown): void {
  if (!isStorage(options)) return;
  throw new TrackUsageError(
    'INVALID_OPTION',
    `trackUsage: it was given the storage '${options.name}'; expected options: trackUsage({ storage }).`,
  );
}

function readStorages(
  reader: OptionReader<TrackUsageOptions>,
  storage: TrackUsageOptions['storage'],
): readonly UsageStorage[] | null {
  if (storage === undefined) return null;
  const storages: unknown[] = Array.isArray(storage) ? [...(storage as unknown[])] : [storage];
  if (storages.some((candidate) => candidate instanceof Promise)) {
    reader.refuse('storage', 'a storage, and not the promise of one: await SqlStorage.connect({ … }) first');
  }
  if (storages.length === 0 || !storages.every(isStorage)) {
    reader.refuse(
      'storage',
      'a storage (an object with a name and a method store) or a list of at least one',
    );
  }
  if (storages.some(({ isReadOnly }) => isReadOnly))
    reader.refuse(
      'storage',
      'a storage that was opened without readOnly: true, as records are to be written',
    );
  return storages;
}

function isContainer(value: unknown): boolean {
  return hasMethods(value, 'has', 'getMany', 'set', 'remove');
}

function isClock(value: unknown): boolean {
  return hasMethods(value, 'now', 'monotonic', 'setTimeout', 'clearTimeout');
}
