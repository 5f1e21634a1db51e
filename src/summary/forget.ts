import type { SummaryRow, SummaryStore } from '../storage/summary-store.js';
import { type UsageAction, actionKey } from '../storage/usage-action.js';
import type { Key } from './aggregate.js';
import { dimensionOf } from './dimensions.js';
import { eraseKeys } from './erase.js';
import type { FoldSettings } from './fold.js';
import { look } from './manifest.js';
import { ALWAYS, periodsOf } from './periods.js';

/** An action, and the moment before which its records are deleted. */
export interface ForgottenAction {
  readonly of: UsageAction;
  readonly date: Date;
}

/** The dimension that says who called which action. */
const CALLERS = 'endpointCaller';

/** Until when this process has erased who called an action, in milliseconds since 1970, by the action's key. */
const forgottenUntil = new WeakMap<SummaryStore, Map<string, number>>();

/**
 * Erases from sealed days who called an action, as its records are deleted from them. What a process has done is looked at again by the
 * next one, as a process may have died in between.
 *
 * @param sealedMs - the moment before which days are sealed, in milliseconds since 1970
 * @throws any error of the storage
 */
export async function forgetCallers(
  { store, timeZone }: Pick<FoldSettings, 'store' | 'timeZone'>,
  actions: readonly ForgottenAction[],
  sealedMs: number,
  signal: AbortSignal,
): Promise<void> {
  const done = forgottenUntil.get(store) ?? new Map<string, number>();
  forgottenUntil.set(store, done);
  const doneUntil = (of: UsageAction): number => done.get(actionKey(of)) ?? ALWAYS.startMs;
  const due = actions
    .map(({ of, date }) => {
      const { startMs } = periodsOf(timeZone).dayOf(date.getTime());
      return { of, beforeMs: Math.min(startMs, sealedMs) };
    })
    .filter(({ of, beforeMs }) => beforeMs > doneUntil(of));
  if (due.length === 0) return;
  const beforeMs = new Map(due.map((action) => [actionKey(action.of), action.beforeMs]));
  const isOf = ({ dimension, endMs }: SummaryRow, key: Key): boolean =>
    dimension === CALLERS && key !== null && endMs <= (beforeMs.get(actionKey(actionOf(key))) ?? -Infinity);
  const { manifest } = await look(store, signal);
  const days = (manifest?.units ?? []).filter(
    ({ kind, startMs, endMs, dimensions }) =>
      kind === 'day' &&
      dimensions.includes(CALLERS) &&
      startMs >= Math.min(...due.map(({ of }) => doneUntil(of))) &&
      endMs <= Math.max(...beforeMs.values()),
  );
  // Day by day, as a day may have many rows, and the next call goes on where this one has failed.
  for (const { startMs, endMs } of days.toSorted((one, other) => one.startMs - other.startMs)) {
    const where = { fromMs: startMs, beforeMs: endMs };
    await eraseKeys(store, { dimensions: [CALLERS], where, isOf, isOfDeleted: false }, signal);
    for (const [key, ms] of beforeMs) done.set(key, Math.min(ms, endMs));
  }
  for (const [key, ms] of beforeMs) done.set(key, ms);
}

/** The action that a key is about. */
function actionOf(key: NonNullable<Key>): UsageAction {
  const parts = dimensionOf(CALLERS)?.parts ?? [];
  const part = (name: string): unknown => key[parts.indexOf(name)];
  return {
    serverName: part('service'),
    controller: part('controller'),
    action: part('action'),
  } as UsageAction;
}
