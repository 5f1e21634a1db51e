import type { UsageStorage } from '../../storage/usage-storage.js';
import { type Finding, fault, fine, hint } from './finding.js';

const DAY_MS = 86_400_000;

/** Clocks that are farther apart are told of, in milliseconds. */
const CLOCK_TOLERANCE_MS = 60_000;

/** An id that no row has. */
const NOBODYS_ID = 'doctor';

/** Compares the clock of this machine with that of the storage. */
export async function checkClocks(
  storage: UsageStorage,
  now: () => number,
  signal: AbortSignal,
): Promise<Finding> {
  const beforeMs = now();
  const theirs = await storage.now?.(signal);
  if (theirs === undefined)
    return fine('The storage has no clock of its own to be compared with', storage.name);
  const oursMs = (beforeMs + now()) / 2;
  const apartMs = Math.abs(theirs.getTime() - oursMs);
  if (apartMs <= CLOCK_TOLERANCE_MS)
    return fine('The clocks of this machine and the database agree', storage.name);
  const what = `This machine's clock says ${new Date(oursMs).toJSON()}, and the database's ${theirs.toJSON()}`;
  if (apartMs < DAY_MS) return hint(what, storage.name, 'Have both machines keep the time (NTP).');
  return fault(what, storage.name, 'Set the wrong one right: until then, retention deletes nothing.');
}

/**
 * Whether the user may write, as a tracker has to. It deletes a row of summaries that nobody has; without summaries it cannot be told.
 *
 * @param open - opens the storage for writing
 */
export async function checkRights(
  open: () => Promise<UsageStorage>,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    const storage = await open();
    if (!(await storage.summaries?.isReady(signal))) return [];
    await storage.summaries?.store.delete({ ids: [NOBODYS_ID] }, signal);
    return [fine('The user may read and write', storage.name)];
  } catch (error) {
    const advice = 'That will do for reports. A tracker needs the rights to select, insert and delete.';
    return [hint(`The user may read, and not write: ${(error as Error).message}`, null, advice)];
  }
}
