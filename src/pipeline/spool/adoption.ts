import { unlink } from 'node:fs/promises';
import { toError } from '../telling/report-log.js';
import type { OwnFolder } from './own-folder.js';
import { readRegularFile } from './regular-file.js';
import { oldestOf, readSegment } from './segment.js';
import type { Segment } from './segment-writer.js';
import type { SpoolObserver } from './spool-contract.js';
import type { Turns } from './turns.js';

/**
 * Moves the segments of processes that died to a folder, a step at a time, so that records are written in between. Never throws.
 *
 * @param keep - takes a segment with records
 */
export async function adoptOrphans(
  folder: OwnFolder,
  turns: Turns,
  observer: SpoolObserver,
  keep: (segment: Segment) => void,
): Promise<void> {
  // A segment that cannot be adopted stays where it is, for the next process.
  const report = (error: unknown): void => observer.returned([], toError(error));
  const orphans = folder.orphans(report);
  const next = (): Promise<IteratorResult<string, void> | void> =>
    turns.run(() => orphans.next()).catch(report);
  for (let path = (await next())?.value; path !== undefined; path = (await next())?.value) {
    await turns.run(() => adopt(path, observer, keep)).catch(report);
  }
}

/** Adopts a segment. A segment in which no record is whole is deleted, also one that no record was ever written to. */
async function adopt(path: string, observer: SpoolObserver, keep: (segment: Segment) => void): Promise<void> {
  const content = await readRegularFile(path);
  const { records, damaged } = readSegment(content);
  const { length } = records;
  const oldestMs = oldestOf(records);
  if (length === 0) await unlink(path);
  // From here on in one go: at no instant is a record on disk that was not accepted.
  else keep({ path, written: length, unsettled: length, bytes: content.length, oldestMs, sinceMs: 0 });
  observer.adopted(length + damaged);
  if (damaged > 0) observer.lost('spool-corrupt', damaged, null);
}
