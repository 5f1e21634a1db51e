import { type ContainerInstance, Service } from 'typedi';
import { readRegister } from '../endpoint/read-register.js';
import { TrackUsageError } from '../errors.js';
import { heldStorages } from '../storage/tokens.js';
import { isSource } from '../storage/usage-source.js';
import type { UsagePageQuery } from '../storage/usage-query.js';
import { type UsageStorage, destinationOf, isStorage } from '../storage/usage-storage.js';
import { type Clock, systemClock } from '../time/clock.js';
import { callerReport } from './caller.js';
import { callersReport } from './callers.js';
import { deprecationsReport } from './deprecations.js';
import { endpointsReport } from './endpoints.js';
import { errorsReport } from './errors.js';
import { goneReport } from './gone.js';
import { recordsReport } from './records.js';
import { removalReport } from './removal.js';
import type {
  CallerOptions,
  CallersOptions,
  RemovalOptions,
  ReportOptions,
  TrafficOptions,
  VerdictOptions,
} from './report-options.js';
import { type ReportSource, summariesOf, togetherFrom } from './report-source.js';
import type {
  CallerReport,
  CallersReport,
  DeprecationsReport,
  EndpointsReport,
  ErrorsReport,
  GoneReport,
  RecordsReport,
  RemovalReport,
  StatusReport,
  TrafficReport,
} from './report.js';
import { statusReport } from './status.js';
import { trafficReport } from './traffic.js';

/**
 * Answers which endpoints are used, by whom and how, and which can be deleted. TypeDI hands it out, made of the first storage under
 * `StorageToken` that can be read, or that hands its records on to one that can; elsewhere, `new UsageReports(storage)`.
 *
 * ```ts
 * constructor(private readonly reports: UsageReports) {}
 * ```
 */
export class UsageReports {
  static {
    // A factory, as TypeDI hands on neither values nor what they are made of from the global container to others. The storage is
    // looked for when something is asked, as it may be put there later.
    Service({ factory: (container: ContainerInstance) => new UsageReports(() => storageIn(container)) })(
      this,
    );
  }

  readonly #storage: UsageStorage | (() => UsageStorage);
  readonly #clock: Pick<Clock, 'now'>;
  #source: () => ReportSource;

  /**
   * @param storage - where the records are, or a function that returns it
   * @param clock - tells the time of day, for tests. @default the machine's clock
   */
  constructor(storage: UsageStorage | (() => UsageStorage), clock: Pick<Clock, 'now'> = systemClock) {
    this.#storage = storage;
    this.#clock = clock;
    this.#source = () => sourceOf(typeof storage === 'function' ? storage() : storage, clock);
  }

  /**
   * Reports that are asked for one page. A page shows several, and their figures have to agree: all are of one moment, that of the first,
   * and equal questions are asked of the storage once. What is stored in between may be in one answer and not in another. Ask for them
   * anew for each page, as they hold all answers.
   */
  together(): UsageReports {
    const reports = new UsageReports(this.#storage, this.#clock);
    const ownSource = reports.#source;
    let source: ReportSource | null = null;
    reports.#source = () => (source ??= togetherFrom(ownSource()));
    return reports;
  }

  /**
   * Says of every endpoint whether it is used, by whom, and whether it can be deleted.
   *
   * @throws {TrackUsageError} `INVALID_QUERY` if an option cannot be used; `NO_STORAGE` if no storage can be read
   */
  async endpoints(options?: VerdictOptions): Promise<EndpointsReport> {
    return endpointsReport(this.#source(), options);
  }

  /**
   * Says who calls the API, or one endpoint.
   *
   * @throws {TrackUsageError} as {@link endpoints} does
   */
  async callers(options?: CallersOptions): Promise<CallersReport> {
    return callersReport(this.#source(), options);
  }

  /**
   * Says what one caller calls.
   *
   * @throws {TrackUsageError} as {@link endpoints} does
   */
  async caller(options: CallerOptions): Promise<CallerReport> {
    return callerReport(this.#source(), options);
  }

  /**
   * Says of every deprecated endpoint who still calls it, how often a week, and whether it can be removed.
   *
   * @throws {TrackUsageError} as {@link endpoints} does
   */
  async deprecations(options?: VerdictOptions): Promise<DeprecationsReport> {
    return deprecationsReport(this.#source(), options);
  }

  /**
   * Says how much was called over time, beside the span before.
   *
   * @throws {TrackUsageError} as {@link endpoints} does
   */
  async traffic(options?: TrafficOptions): Promise<TrafficReport> {
    return trafficReport(this.#source(), options);
  }

  /**
   * Says which endpoints fail, and with which statuses.
   *
   * @throws {TrackUsageError} as {@link endpoints} does
   */
  async errors(options?: ReportOptions): Promise<ErrorsReport> {
    return errorsReport(this.#source(), options);
  }

  /**
   * Says which endpoints no instance declares any more, and who still asks for them.
   *
   * @throws {TrackUsageError} as {@link endpoints} does
   */
  async gone(options?: ReportOptions): Promise<GoneReport> {
    return goneReport(this.#source(), options);
  }

  /**
   * Says which endpoints a build takes away that instances declare now, and who would miss them.
   *
   * @throws {TrackUsageError} as {@link endpoints} does
   */
  async removal(options: RemovalOptions): Promise<RemovalReport> {
    return removalReport(this.#source(), options);
  }

  /**
   * Says what all other reports rest on: how each day was watched, and how far summaries reach.
   *
   * @throws {TrackUsageError} as {@link endpoints} does
   */
  async status(options?: ReportOptions): Promise<StatusReport> {
    return statusReport(this.#source(), options);
  }

  /**
   * Lists the newest records that pass the filters of a query of `getUsagePage`, 50 unless it says how many, and the cursor of the next
   * ones.
   *
   * @throws {TrackUsageError} `INVALID_QUERY` if the query is not usable; `NO_STORAGE` if no storage can be read
   */
  async records(query?: UsagePageQuery): Promise<RecordsReport> {
    return recordsReport(this.#source(), query);
  }
}

function storageIn(container: ContainerInstance): UsageStorage {
  const held = heldStorages(container).filter(isStorage);
  const storage = held.find((one) => destinationOf(one).reader !== undefined) ?? held[0];
  if (storage !== undefined) return storage;
  throw new TrackUsageError(
    'NO_STORAGE',
    'UsageReports: StorageToken holds no storage. Container.set(StorageToken, storage), or make new UsageReports(storage).',
  );
}

function sourceOf(storage: UsageStorage, clock: Pick<Clock, 'now'>): ReportSource {
  const {
    reader,
    register,
    isReadOnly = false,
  }: Partial<UsageStorage> = isStorage(storage) ? destinationOf(storage) : {};
  if (reader === undefined) {
    const what = isStorage(storage) ? `the storage '${storage.name}' cannot be read` : 'there is no storage';
    const advice = isSource(storage)
      ? "Give its connect the 'database' that workers fill from it"
      : 'Give one that has a reader';
    throw new TrackUsageError('NO_STORAGE', `UsageReports: ${what}. ${advice}.`);
  }
  return {
    reader,
    ask: summariesOf(reader),
    readRegister: async (span) =>
      register === undefined ? null : readRegister(register, span, new AbortController().signal),
    now: () => clock.now(),
    isReadOnly,
  };
}
