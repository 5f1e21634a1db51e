import {
  type DataPolicy,
  type IpPolicy,
  type ParameterRule,
  NO_DATA_POLICY,
  resolveDataPolicy,
} from '../metadata/data-policy.js';
import type { Deprecation } from '../metadata/deprecation.js';
import { DAY_MS, millisecondsOf } from '../metadata/duration.js';
import { type PolicySubject, isTracked } from '../metadata/policy.js';
import type { RecordingSettings } from '../options/recording-options.js';
import type { TrackerSettings } from '../options/tracker-options.js';

/** What is kept of requests, and for how long. */
export interface InventoryPolicy {
  /** How much of the client's address is kept. */
  readonly ip: IpPolicy;
  /** The query names that are kept. */
  readonly query: readonly string[];
  /** The rules of parameters, by name. */
  readonly params: Readonly<Record<string, ParameterRule>>;
  /** Whether data of the application's own is kept. */
  readonly data: boolean;
  /** The share of requests that is recorded; null where a function decides. */
  readonly sampleRate: number | null;
  /** Days after which the records are deleted from every storage; null if a storage keeps its records. */
  readonly retentionDays: number | null;
}

/** What is recorded of one action. */
export interface InventoryEntry extends InventoryPolicy {
  /** The request's method in capitals, such as `GET`; `ALL` for every method. */
  readonly method: string;
  /** The route's template with its prefix. */
  readonly route: string;
  /** What records call the action's controller. */
  readonly controller: string;
  /** What records call the action. */
  readonly action: string;
  /** Whether the action's requests are recorded at all. */
  readonly tracked: boolean;
  /** What decided `tracked`: the method's decorator, the class's, or `defaultPolicy`. */
  readonly decidedBy: 'method' | 'class' | 'default';
  /** What is said of the action's deprecation; null if it is not deprecated. */
  readonly deprecation: Deprecation | null;
  /** Why the endpoint stays although nobody may call it (`@Tracked({ keep })`); null if that is not said. */
  readonly keep: string | null;
}

/** A storage, and how long it keeps records. */
export interface InventoryStorage {
  /** The storage's name. */
  readonly name: string;
  /** Days after which the storage's records are deleted; null if the tracker deletes none. */
  readonly retentionDays: number | null;
}

/**
 * The application's options, by their names; of a function, only that there is one. The policy is that of
 * recorded requests which no listed action answers: of routes with `tracked()`, unless that has options of
 * its own, and of unmatched requests.
 */
export interface InventoryApplication extends InventoryPolicy {
  /** Whether requests that no action answers are recorded. */
  readonly trackUnmatched: boolean;
  /** Paths that are not recorded; an expression as it is written, such as `/\.png$/`. */
  readonly ignorePaths: readonly string[];
  /** Whether a function leaves out further requests. */
  readonly ignore: boolean;
  /** What is done with requests of known bots. */
  readonly bots: RecordingSettings['bots'];
  /** What is done for clients that ask not to be watched. */
  readonly respect: RecordingSettings['respect'];
  /** Whether every request that failed is recorded, whatever the sample rate. */
  readonly keepErrors: boolean;
  /** Whether trusted proxies tell the client's address. With `ip: 'full'`, `X-Forwarded-For` is kept too. */
  readonly trustProxy: boolean;
  /** Whether full addresses go to a source of locations, whatever `ip` says; it may be a third party. */
  readonly geo: boolean;
  /** Who names the user: Basic authentication, or a function, which may hash the name (`hashUser`) or give none. */
  readonly user: 'basic' | 'function';
  /**
   * Hours from the beginning of a day until the salt of its visitors is deleted, if a tracker runs then, else
   * when the next tracker starts; null without the option `visitors`.
   */
  readonly visitorSaltHours: number | null;
  /** Whether the text of the `User-Agent` header is kept. */
  readonly keepUserAgent: boolean;
  /** Whether a function changes records before they are stored. */
  readonly redact: boolean;
  /** What requests are summed up by, in storages that keep summaries; null for nothing. */
  readonly summaries: InventorySummaries | null;
}

/**
 * What a tracker records, action by action. It is plain data: `JSON.stringify` it, or `renderInventory`.
 * Routes that `tracked()` marks are not listed, as they are not known before their first requests.
 */
export interface Inventory {
  /** What the records call the application. */
  readonly serverName: string;
  /** Where the records go, and for how long; empty until there is a storage. */
  readonly storages: readonly InventoryStorage[];
  /** What holds for all requests, and for those that no listed action answers. */
  readonly application: InventoryApplication;
  /**
   * One entry for each route of each action that routing-controllers has registered, in the order of
   * registration; several servers of the process that have the same route share its entry.
   */
  readonly actions: readonly InventoryEntry[];
}

/** What requests are summed up by, beside their records. */
export interface InventorySummaries {
  /** The dimensions' names. */
  readonly dimensions: readonly string[];
  /** Of these, those whose rows may name persons. */
  readonly personal: readonly string[];
  /** Days after which such rows are deleted; null if they are kept. */
  readonly personalDays: number | null;
}

/** Hours from the beginning of a salt's day to the salt's deletion. */
const VISITOR_SALT_HOURS = 48;

/** A declared route of an action. */
export interface DeclaredAction {
  /** The request's method in capitals; `ALL` for every method. */
  readonly method: string;
  readonly attribution: PolicySubject & {
    readonly data: DataPolicy;
    readonly controllerName: string | null;
    readonly actionName: string | null;
    readonly route: string | null;
  };
  readonly deprecation: Deprecation | null;
}

/**
 * Lists the actions that are declared, each with what is recorded of it.
 *
 * @param isShortened - whether every storage can delete the records of an action sooner than others
 */
export function takeInventory(
  settings: TrackerSettings,
  declared: readonly DeclaredAction[],
  storages: readonly InventoryStorage[],
  isShortened: boolean,
): Inventory {
  const days = storages.map((storage) => storage.retentionDays);
  const allDays = days.includes(null) ? null : (days[0] ?? null);
  const daysOf = ({ retention }: DataPolicy): number | null => {
    if (retention === undefined || !isShortened) return allDays;
    return Math.min(allDays ?? Infinity, millisecondsOf(retention) / DAY_MS);
  };
  const policyOf = (said: DataPolicy): InventoryPolicy => {
    const { ip, query, params, data, sampleRate } = resolveDataPolicy(said, settings);
    const share = typeof sampleRate === 'number' ? sampleRate : null;
    // Copies, as a change to an inventory must not change what is recorded.
    const policy = { ip, query: [...query], params: { ...params }, data, sampleRate: share };
    return { ...policy, retentionDays: daysOf(said) };
  };
  const entries = declared.map(({ method, attribution, deprecation }) => ({
    method,
    route: attribution.route ?? '',
    controller: attribution.controllerName ?? '',
    action: attribution.actionName ?? '',
    tracked: isTracked(attribution, settings),
    decidedBy: deciderOf(attribution),
    deprecation: deprecation === null ? null : { ...deprecation },
    keep: attribution.data.keep ?? null,
    ...policyOf(attribution.data),
  }));
  return {
    serverName: settings.serverName,
    storages,
    application: { ...policyOf(NO_DATA_POLICY), ...optionsOf(settings) },
    // Records do not tell repeated entries apart.
    actions: [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()],
  };
}

function optionsOf(settings: TrackerSettings): Omit<InventoryApplication, keyof InventoryPolicy> {
  return {
    trackUnmatched: settings.trackUnmatched,
    ignorePaths: settings.ignorePaths.map(String),
    ignore: settings.ignore !== null,
    bots: settings.bots,
    respect: { ...settings.respect },
    keepErrors: settings.keepErrors,
    trustProxy: settings.trustProxy !== null,
    geo: settings.geo !== null,
    user: settings.user === null ? 'basic' : 'function',
    visitorSaltHours: settings.visitors ? VISITOR_SALT_HOURS : null,
    keepUserAgent: settings.keepUserAgent,
    redact: settings.redact !== null,
    summaries: summariesOf(settings),
  };
}

function summariesOf({ summaries, retention }: TrackerSettings): InventorySummaries | null {
  if (summaries === null) return null;
  const { dimensions } = summaries;
  return {
    dimensions: dimensions.map(({ name }) => name),
    personal: dimensions.filter(({ isPersonal }) => isPersonal).map(({ name }) => name),
    personalDays: retention === null ? null : (retention.callers ?? retention.records) / DAY_MS,
  };
}

function deciderOf(subject: PolicySubject): InventoryEntry['decidedBy'] {
  if (subject.methodDecision !== null) return 'method';
  return subject.controllerDecision === null ? 'default' : 'class';
}
