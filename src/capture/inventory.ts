import type { IpPolicy, ParameterRule } from '../metadata/data-policy.js';
import { type Policy, type PolicySubject, isTracked } from '../metadata/policy.js';
import type { AddressSettings } from '../options/address-options.js';
import type { WhatSettings } from '../options/what-options.js';
import { type KnownAction, knownActions } from './action-hook.js';
import { EffectivePolicies, type EffectivePolicy } from './effective-policy.js';

/** What is recorded of one action, for whoever has to know. */
export interface InventoryEntry {
  /** The request's method in capitals, such as `GET`; `ALL` for every method. */
  readonly method: string;
  /** The route's template with its prefix. */
  readonly route: string;
  /** What records call its controller. */
  readonly controller: string;
  /** What records call the action. */
  readonly action: string;
  /** Whether its requests are recorded at all. */
  readonly tracked: boolean;
  /** What is said of where the rest comes from: the method, the class, or the application's default. */
  readonly decidedBy: 'method' | 'class' | 'default';
  /** How much of the client's address is kept. */
  readonly ip: IpPolicy;
  /** The query names that are kept. */
  readonly query: readonly string[];
  /** What becomes of parameters that are named. */
  readonly params: Readonly<Record<string, ParameterRule>>;
  /** Whether data of the application's own is kept. */
  readonly data: boolean;
  /** The share of requests that is recorded; null where a function decides. */
  readonly sampleRate: number | null;
  /** Days after which its records are deleted from every storage; null where one of them keeps them. */
  readonly retentionDays: number | null;
}

/** A storage, and how long it keeps records. */
export interface InventoryStorage {
  /** What it is called. */
  readonly name: string;
  /** Days after which its records are deleted; null where that is left to somebody else. */
  readonly retentionDays: number | null;
}

/** What a tracker records, action by action. It is plain data: `JSON.stringify` it, or {@link renderInventory}. */
export interface Inventory {
  /** What the records call the application. */
  readonly serverName: string;
  /** Where the records go, and for how long; empty until there is a storage. */
  readonly storages: readonly InventoryStorage[];
  /** Whether the text of the `User-Agent` header is kept. */
  readonly keepsUserAgent: boolean;
  /** Hours after which the salt is deleted that tells a day's visitors apart; null where they are not told apart. */
  readonly visitorSaltHours: number | null;
  /** What is done for clients that ask not to be watched. */
  readonly respect: WhatSettings['respect'];
  /** One entry for each route of each action that routing-controllers has registered, in that order. */
  readonly actions: readonly InventoryEntry[];
}

/** From the beginning of its day to its deletion. */
const VISITOR_SALT_HOURS = 48;

/** Lists the actions that are registered, each with what is recorded of it. */
export function takeInventory(
  settings: WhatSettings & AddressSettings & Policy & { readonly serverName: string },
  storages: readonly InventoryStorage[],
): Inventory {
  const policies = new EffectivePolicies(settings);
  const days = storages.map((storage) => storage.retentionDays);
  const retentionDays = days.includes(null) ? null : (days[0] ?? null);
  return {
    serverName: settings.serverName,
    storages,
    keepsUserAgent: settings.keepUserAgent,
    visitorSaltHours: settings.visitors ? VISITOR_SALT_HOURS : null,
    respect: settings.respect,
    actions: knownActions().map((action) => {
      const tracked = isTracked(action.attribution, settings);
      return entryOf(action, tracked, policies.of(action.attribution.data), retentionDays);
    }),
  };
}

function entryOf(
  { method, attribution }: KnownAction,
  tracked: boolean,
  { ip, query, params, data, sampleRate }: EffectivePolicy,
  retentionDays: number | null,
): InventoryEntry {
  return {
    method,
    route: attribution.route ?? '',
    controller: attribution.controllerName ?? '',
    action: attribution.actionName ?? '',
    tracked,
    decidedBy: deciderOf(attribution),
    ip,
    query,
    params,
    data,
    sampleRate: typeof sampleRate === 'number' ? sampleRate : null,
    retentionDays,
  };
}

function deciderOf({ method, controller }: PolicySubject): InventoryEntry['decidedBy'] {
  if (method !== null) return 'method';
  return controller === null ? 'default' : 'class';
}

/** An inventory as a page of Markdown, with one row for each action. */
export function renderInventory(inventory: Inventory): string {
  const { serverName, storages, keepsUserAgent, respect, actions } = inventory;
  const rows = actions.map((entry) => {
    const subject = [`${entry.method} ${entry.route}`, `${entry.controller}.${entry.action}`];
    const verdict = `${entry.tracked ? 'yes' : 'no'} (${entry.decidedBy})`;
    return subject.concat(verdict, entry.tracked ? detailsOf(entry) : ['–', '–', '–', '–', '–', '–']);
  });
  const head = [
    'Route',
    'Action',
    'Recorded',
    'Address',
    'Query',
    'Parameters',
    'Own data',
    'Share',
    'Kept for',
  ];
  return [
    `# What ${escape(serverName)} records of its callers`,
    '',
    `- Stored in: ${storages.map(storageOf).join(', ') || 'nothing yet'}`,
    `- Text of the User-Agent header: ${keepsUserAgent ? 'kept' : 'not kept'}`,
    `- Visitors: ${visitorsOf(inventory)}`,
    `- Clients that send Sec-GPC: ${respect.gpc}; DNT: ${respect.dnt}`,
    '',
    row(head),
    row(head.map(() => '---')),
    ...rows.map((cells) => row(cells.map(escape))),
    '',
  ].join('\n');
}

function visitorsOf({ visitorSaltHours }: Inventory): string {
  return visitorSaltHours === null
    ? 'not told apart'
    : `told apart within a day (UTC), by a salt that is deleted after ${visitorSaltHours} hours`;
}

function storageOf({ name, retentionDays }: InventoryStorage): string {
  return `${escape(name)} (${keptFor(retentionDays)})`;
}

function keptFor(retentionDays: number | null): string {
  return retentionDays === null
    ? 'until deleted'
    : `${retentionDays} ${retentionDays === 1 ? 'day' : 'days'}`;
}

function detailsOf({ ip, query, params, data, sampleRate, retentionDays }: InventoryEntry): string[] {
  const rules = Object.entries(params).map(([name, rule]) => `${name}: ${rule}`);
  return [
    ip,
    query.join(', ') || 'none',
    rules.join(', ') || 'kept, but for secrets',
    data ? 'kept' : 'no',
    sampleRate === null ? 'by a function' : String(sampleRate),
    keptFor(retentionDays),
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Names and routes are the application's; still, one with a bar in it would break the table. */
function escape(text: string): string {
  return text.replaceAll(/[\\|<>`*_[\]]/g, String.raw`\$&`).replaceAll(/\s+/g, ' ');
}
