import type { Context } from 'koa';
import { Container, type Token } from 'typedi';
import { TrackUsageError } from '../errors.js';
import { IP_POLICIES } from '../metadata/data-policy.js';
import {
  type OptionPlace,
  type Settings,
  boolean,
  callable,
  group,
  hasMethods,
  oneOf,
  option,
  readOptions,
  refuseOption,
  text,
} from '../option-reader.js';
import { TEXT_LIMITS } from '../record/limits.js';
import { cleanNullableText, cleanText } from '../record/text.js';
import { type UsageStorage, isStorage } from '../storage/usage-storage.js';
import { type AddressSettings, trustedProxies } from './address-options.js';
import {
  BatchOptions,
  QueueOptions,
  RetryOptions,
  SpoolOptions,
  refuseContradictoryTimes,
} from './delivery-options.js';
import { type SignalSettings, closingSignals } from './closing-options.js';
import { type GeoSettings, geoSource } from './geo-options.js';
import { RetentionOptions, type RetentionSettings } from './retention-options.js';
import { type SummariesSettings, summaries } from './summaries-options.js';
import { clock, logger } from './surroundings.js';
import { type RecordingDifferences, RecordingOptions } from './recording-options.js';
import { findApplication } from './application.js';

/** Names the caller; returns nothing for an unknown caller. */
export type UserReader = (ctx: Context) => string | null | undefined | PromiseLike<string | null | undefined>;

/** The part of a TypeDI container that the tracker uses: `Container`, or what `Container.of()` returns. */
export interface UsageContainer {
  /** Whether there is a value under a token. */
  has(id: Token<unknown>): boolean;
  /** All values under a token. */
  getMany<Value>(id: Token<Value>): Value[];
  /** Removes the values under a token. */
  remove(id: Token<unknown>): unknown;
  /** Sets the factory of a token's value. */
  set(service: { readonly id: Token<unknown>; readonly factory: () => unknown }): unknown;
}

/** The options of `trackUsage`. All of them may be left out. */
export class TrackUsageOptions extends RecordingOptions {
  /** One storage or a list. @default what the container holds under `StorageToken` */
  readonly storage? = option<UsageStorage | readonly UsageStorage[]>({
    default: null,
    expected: A_STORAGE,
    convert: readStorages,
  });
  /** The TypeDI container to look into. @default TypeDI's global container */
  readonly container? = option<UsageContainer>({
    default: Container,
    expected: 'a TypeDI container',
    accepts: (value) => hasMethods(value, 'has', 'getMany', 'set', 'remove'),
  });
  /** What happens to actions without a decorator. @default 'exclude' */
  readonly defaultPolicy? = oneOf(['exclude', 'include'], 'exclude');
  /** Whether requests that no action answers are tracked; needs `defaultPolicy: 'include'`. @default false */
  readonly trackUnmatched? = boolean(false);
  /** What the records call this application. @default the name in the application's package.json */
  readonly serverName? = text();
  /** The version of this application, by which reports tell when an endpoint came and went. @default the one in the application's package.json */
  readonly version? = text();
  /**
   * Who calls. Called once for each tracked request, when the response has closed: the user should be on the
   * context by then. A promise is waited for up to a second. @default the user name of Basic authentication
   */
  readonly user? = callable<UserReader>();
  /**
   * Which proxies are the application's own: `X-Forwarded-For` and `Forwarded` count as far as they wrote it.
   * Their number (0 to 32), addresses and ranges, `'loopback'`, `'linklocal'`, `'uniquelocal'`, a list of
   * these, or a synchronous function of an address and its hop, 0 for the socket's. `true` is refused.
   * @default false
   */
  readonly trustProxy? = trustedProxies();
  /**
   * How much of the client's address is kept: all of it, its network (/24 for IPv4, /48 for IPv6), or
   * nothing. `'full'` keeps `X-Forwarded-For` too, where a trusted proxy sent it. @default 'truncate'
   */
  readonly ip? = oneOf(IP_POLICIES, 'truncate');
  /** Looks up where clients are, after the response and from their full addresses. @default none */
  readonly geo? = geoSource();
  /** How much may wait in memory for a storage. */
  readonly queue? = group(QueueOptions);
  /** When and how much is handed to a storage. */
  readonly batch? = group(BatchOptions);
  /** How long a storage is waited for, and how a batch that failed is tried again. */
  readonly retry? = group(RetryOptions);
  /** Where records wait on disk while a storage does not take them. @default none */
  readonly spool? = group(SpoolOptions, null);
  /**
   * How requests are summed up beside their records, so that `getSummary` answers at once; `false` for not at all. All processes that
   * write to a storage have to agree. @default in UTC, by endpoint, caller, both, status, client and server
   */
  readonly summaries? = summaries();
  /**
   * Whether the storage keeps a register of the endpoints that there are, and of how they were watched: without it nobody can tell an
   * endpoint that nobody calls from one that nobody watched. @default true
   */
  readonly endpoints? = boolean(true);
  /** How long records and their summaries are kept. @default until somebody deletes them */
  readonly retention? = group(RetentionOptions, null);
  /**
   * Whether the tracker closes itself on SIGTERM and SIGINT, or on which signals and how, and then lets the signal end the
   * process, unless the application listens for it too. @default false
   */
  readonly handleSignals? = closingSignals();
  /** Whether the figures are metrics of OpenTelemetry, where `@opentelemetry/api` is installed. @default true */
  readonly metrics? = boolean(true);
  /** Where drops and failures are logged. @default console */
  readonly logger? = logger();
  /** Where the time comes from; for tests. @default the machine's clocks */
  readonly clock? = clock();
}

/** The settings whose types differ from those of their options. */
interface TrackerDifferences extends RecordingDifferences, AddressSettings {
  /** The storages that were given; null if the container has to be asked. */
  readonly storage: readonly UsageStorage[] | null;
  /** Null where nothing tells it. */
  readonly version: string | null;
  /** Null where Basic authentication is to be read. */
  readonly user: UserReader | null;
  /** Null where nothing is looked up. */
  readonly geo: GeoSettings | null;
  /** What is left out goes by the batches of each storage. */
  readonly queue: Settings<QueueOptions, Pick<QueueOptions, 'maxRecords' | 'maxBytes'>>;
  /** What is left out is as each storage wishes. */
  readonly batch: BatchOptions;
  readonly retry: Settings<RetryOptions>;
  /** Null where nothing waits on disk. */
  readonly spool: Settings<SpoolOptions> | null;
  /** Null where nothing is summed up. */
  readonly summaries: SummariesSettings | null;
  /** Null where records are kept until somebody deletes them. */
  readonly retention: RetentionSettings | null;
  /** Without signals where they are left to the application. */
  readonly handleSignals: SignalSettings;
}

/** The options with every default filled in. */
export type TrackerSettings = Settings<TrackUsageOptions, TrackerDifferences>;

const SUBJECT = 'trackUsage';
const A_STORAGE = 'a storage (an object with a name and a method store) or a list of at least one';

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected
 */
export function resolveTrackerOptions(options: TrackUsageOptions): TrackerSettings {
  refuseStorage(options);
  const settings = readOptions<TrackUsageOptions, TrackerDifferences>(SUBJECT, TrackUsageOptions, options);
  refuseContradictions(settings);
  const found = findApplication();
  const { serverName = found.name, version = found.version } = options;
  return {
    ...settings,
    serverName: cleanText(serverName, TEXT_LIMITS.serverName),
    version: cleanNullableText(version, TEXT_LIMITS.serverName),
  };
}

/** Refuses options that cannot be used together. */
function refuseContradictions(settings: TrackerSettings): void {
  const { defaultPolicy, trackUnmatched, queue, batch, spool } = settings;
  if (trackUnmatched && defaultPolicy === 'exclude') {
    const why = "as unmatched requests are only tracked with defaultPolicy: 'include'";
    refuse('trackUnmatched', trackUnmatched, `false, ${why}`);
  }
  refuseContradictoryTimes(SUBJECT, settings);
  if (spool !== null && queue.overflow === 'drop-oldest') {
    const why = 'as the option spool takes what the queue has no room for';
    refuse('queue.overflow', queue.overflow, `'drop-newest', ${why}`);
  }
  // Defaults yield to what is given, and records on disk do not have to fit into the queue.
  for (const bound of ['maxRecords', 'maxBytes'] as const) {
    const [wanted = 0, room = Infinity] = [batch[bound], queue[bound]];
    if (spool === null && wanted > room)
      refuse(`batch.${bound}`, wanted, `at most queue.${bound}, which is ${room}`);
  }
}

function refuse(name: string, value: unknown, expected: string): never {
  return refuseOption({ subject: SUBJECT, name }, value, expected);
}

/** `trackUsage(storage)` is the mistake that Flask-Track-Usage's users make first. */
function refuseStorage(options: unknown): void {
  if (!isStorage(options)) return;
  throw new TrackUsageError(
    'INVALID_OPTION',
    `trackUsage: it was given the storage '${options.name}'; expected options: trackUsage({ storage }).`,
  );
}

function readStorages(storage: unknown, place: OptionPlace): readonly UsageStorage[] {
  const storages: unknown[] = Array.isArray(storage) ? [...(storage as unknown[])] : [storage];
  if (storages.some((candidate) => candidate instanceof Promise)) {
    const instead = 'a storage, and not the promise of one: await SqlStorage.connect({ … }) first';
    refuseOption(place, storage, instead);
  }
  if (storages.length === 0 || !storages.every(isStorage)) refuseOption(place, storage, A_STORAGE);
  if (storages.some(({ isReadOnly }) => isReadOnly)) {
    const instead = 'a storage that was opened without readOnly: true, as records are to be written';
    refuseOption(place, storage, instead);
  }
  return storages;
}
