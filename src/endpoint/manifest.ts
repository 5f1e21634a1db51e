import { isDeepStrictEqual } from 'node:util';
import { DAY_MS, millisecondsOf } from '../metadata/duration.js';
import { isObject } from '../option-reader.js';
import type { DeclaredAction, Inventory, InventoryApplication, InventoryPolicy } from './inventory.js';

/** What is recorded of one action; a field that is left out is as the application's options say. */
export type ManifestEntry = Partial<InventoryPolicy> & { readonly tracked?: boolean };

/** What is recorded, in a file that stands among the sources: a change of it is a change of that file. */
export interface Manifest {
  /** What holds for all requests; left out where only decorators are known. */
  readonly application?: InventoryApplication;
  /** What is recorded of each action, by method and route, such as `GET /users/:id`. */
  readonly actions: Readonly<Record<string, ManifestEntry>>;
}

/** One way in which what is recorded differs from a manifest. */
export interface ManifestDifference {
  /** `lost`: it was tracked, and is not any more. `new` and `removed` are actions that are in one of both alone. */
  readonly kind: 'lost' | 'changed' | 'new' | 'removed';
  /** Method and route; null for the options of the application. */
  readonly action: string | null;
  /** What differs; null for an action as a whole. */
  readonly field: string | null;
  /** The value of the manifest, and that of now; undefined for one that is left out. */
  readonly from?: unknown;
  readonly to?: unknown;
}

/** The manifest of an inventory. Names of classes and storages are not in it, as they say nothing of what is recorded. */
export function manifestOf({ application, actions }: Inventory): Manifest {
  const entries = actions.map(
    ({ method, route, tracked, ip, query, params, data, sampleRate, retentionDays }) =>
      [`${method} ${route}`, { tracked, ip, query, params, data, sampleRate, retentionDays }] as const,
  );
  return { application, actions: byName(entries) };
}

/** The manifest of what decorators alone say of actions. */
export function manifestOfDecorators(declared: readonly DeclaredAction[]): Manifest {
  const entries = declared.map(({ method, attribution }) => {
    const { ip, query, params, data, sampleRate, retention } = attribution.data;
    const decision = attribution.methodDecision ?? attribution.controllerDecision;
    const said = {
      tracked: decision === null ? undefined : decision === 'tracked',
      ip,
      query,
      params,
      data,
      sampleRate: typeof sampleRate === 'function' ? null : sampleRate,
      retentionDays: retention && millisecondsOf(retention) / DAY_MS,
    };
    const entry: ManifestEntry = Object.fromEntries(
      Object.entries(said).filter(([, value]) => value !== undefined),
    );
    return [`${method} ${attribution.route}`, entry] as const;
  });
  return { actions: byName(entries) };
}

/** Entries by name, in its order. Routes of several servers of a process may have one name: these are numbered. */
function byName(entries: readonly (readonly [name: string, entry: ManifestEntry])[]): Manifest['actions'] {
  const inOrder = entries
    .map(([name, entry]) => ({
      name,
      entry,
      key: JSON.stringify([name.replace(/^(\S+) (.*)$/s, '$2 $1'), entry]),
    }))
    .toSorted((one, other) => (one.key < other.key ? -1 : 1));
  const counts = new Map<string, number>();
  return Object.fromEntries(
    [...new Map(inOrder.map((one) => [one.key, one])).values()].map(({ name, entry }) => {
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      return [count === 1 ? name : `${name} (${count})`, entry];
    }),
  );
}

/** The text of a manifest's file. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * Reads the text of a manifest's file.
 *
 * @returns the manifest, or what is wrong with the text
 */
export function parseManifest(text: string): Manifest | string {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    return `it is no JSON: ${(error as Error).message}`;
  }
  const isShaped =
    isObject(manifest) &&
    Object.keys(manifest).every((name) => name === 'application' || name === 'actions') &&
    isObject((manifest as Manifest).actions) &&
    Object.values((manifest as Manifest).actions).every((entry) => isObject(entry)) &&
    isObject((manifest as Manifest).application ?? {});
  return isShaped
    ? (manifest as Manifest)
    : 'it has not the form { "application": {…}, "actions": { "GET /users/:id": {…} } }';
}

/** Tells everything in which what is recorded now differs from a manifest. */
export function compareManifests(from: Manifest, now: Manifest): ManifestDifference[] {
  const application = fieldDifferences(null, from.application ?? {}, now.application ?? {});
  const names = [...new Set([...Object.keys(from.actions), ...Object.keys(now.actions)])];
  const actions = names.flatMap((action): ManifestDifference[] => {
    const [before, after] = [from.actions[action], now.actions[action]];
    if (before === undefined) return [{ kind: 'new', action, field: null, to: after }];
    if (after === undefined) return [{ kind: 'removed', action, field: null, from: before }];
    return fieldDifferences(action, before, after);
  });
  return [...application, ...actions];
}

function fieldDifferences(action: string | null, before: object, after: object): ManifestDifference[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return fields.flatMap((field): ManifestDifference[] => {
    const [from, to] = [before, after].map((values) => (values as Record<string, unknown>)[field]);
    if (isDeepStrictEqual(from, to)) return [];
    const kind = action !== null && field === 'tracked' && from === true ? 'lost' : 'changed';
    return [{ kind, action, field, from, to }];
  });
}

/** What differs, in one sentence. */
export function differenceText({ kind, action, field, from, to }: ManifestDifference): string {
  if (kind === 'new') return `${action} is new, ${trackedText(to)}`;
  if (kind === 'removed') return `${action} is not there any more`;
  const change = `${field} was ${valueText(from)}, and is ${valueText(to)}`;
  if (kind === 'lost') return `${action} is not tracked any more: ${change}`;
  return `${action ?? 'the application'}: ${change}`;
}

function trackedText(entry: unknown): string {
  const { tracked } = entry as ManifestEntry;
  return tracked === undefined
    ? "tracked as the application's options say"
    : tracked
      ? 'and tracked'
      : 'and not tracked';
}

function valueText(value: unknown): string {
  return value === undefined ? "as the application's options say" : JSON.stringify(value);
}
