import { readFile, unlink } from 'node:fs/promises';
import { oldestOf, readSegment } from './segment.js';
import type { Segment } from './segment-writer.js';

/**
 * Reads a segment that another process left. One in which nothing is whole is deleted, as is one of a process that died before
 * it wrote anything.
 *
 * @returns the segment, and how many of its records are damaged
 * @throws what the file system threw
 */
export async function readAdopted(path: string): Promise<{ segment: Segment; damaged: number }> {
  const content = await readFile(path);
  const { records, damaged } = readSegment(content);
  const { length } = records;
  if (length === 0) await unlink(path);
  const bytes = length === 0 ? 0 : content.length;
  return {
    segment: { path, written: length, unsettled: length, bytes, oldestMs: oldestOf(records) },
    damaged,
  };
}
