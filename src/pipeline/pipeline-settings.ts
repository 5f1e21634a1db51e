import type { UsageStorage } from '../storage/usage-storage.js';
import type { Clock } from '../time/clock.js';
import {
  type DiskSpool,
  type LaneSettings,
  type OtherSpool,
  type WantedBatch,
  type WantedQueue,
  batchFor,
  queueFor,
} from './lane/lane-settings.js';
import { spoolFolder } from './spool/own-folder.js';
import type { LogTarget } from './telling/report-log.js';

/** How the pipeline works. */
export interface PipelineSettings extends Omit<LaneSettings, 'spool' | 'batch' | 'queue'> {
  readonly clock: Clock;
  readonly logger: LogTarget;
  /** How batches are; what is left out is as each storage wishes. */
  readonly batch: WantedBatch;
  /** How much waits in memory for each storage; what is left out goes by its batches. */
  readonly queue: WantedQueue;
  /** Where records wait on disk, each storage's in a folder of its own in `dir`, and up to `maxBytes`, or elsewhere; null for nowhere. */
  readonly spool: Omit<DiskSpool, 'maxPendingBytes'> | OtherSpool | null;
  /** How long records are kept, in milliseconds; null for until somebody deletes them. */
  readonly retention: { readonly records: number } | null;
}

/** The settings of a storage's lane. Each storage has a spool of its own, also where two of them have one name. */
export function laneSettingsOf(
  settings: PipelineSettings,
  storages: readonly UsageStorage[],
  index: number,
): LaneSettings {
  const { spool } = settings;
  const batch = batchFor(storages[index], settings);
  const queue = queueFor(settings.queue, batch);
  const ofLane = { ...settings, batch, queue };
  if (spool === null || 'open' in spool) return { ...ofLane, spool };
  const name = storages[index]?.name ?? '';
  const twins = storages.slice(0, index).filter((storage) => storage.name === name).length;
  const dir = spoolFolder(spool.dir, twins === 0 ? name : `${name}\0${twins + 1}`);
  return { ...ofLane, spool: { ...spool, dir, maxPendingBytes: queue.maxBytes } };
}
