import { type FileHandle, access, open, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeRecord } from '../../record/wire.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { encodeLine } from './line.js';
import { SEGMENT_SUFFIX } from './own-folder.js';

/** When records are forced to the disk: after every write, now and then, or when the system likes. */
export type FsyncMode = 'always' | 'interval' | 'never';

/** A file of spooled records. */
export interface Segment {
  readonly path: string;
  /** Records that were ever written to the segment. */
  written: number;
  /** Records of the segment that are neither stored nor dropped. */
  unsettled: number;
  /** The segment's length, in bytes. */
  bytes: number;
  /** When the first record was made, in milliseconds since 1970; null if that is not known. */
  oldestMs: number | null;
  /** When its last record came into the spool of this process, in milliseconds of the monotonic clock. */
  sinceMs: number;
}

/** A segment ends when it has this length: about as much as is read and stored at a time. */
const SEGMENT_BYTES = 262_144;

/**
 * Appends records to the segments of one folder. There is one writer a folder, and one write at a time; the
 * caller waits for it.
 */
export class SegmentWriter {
  readonly #folder: string;
  readonly #fsync: FsyncMode;
  #count = 0;
  #open: { readonly handle: FileHandle; readonly segment: Segment } | null = null;
  #isDirty = false;

  constructor(folder: string, fsync: FsyncMode) {
    this.#folder = folder;
    this.#fsync = fsync;
  }

  /** The segment that is written to; null between two segments. */
  get segment(): Segment | null {
    return this.#open?.segment ?? null;
  }

  /**
   * Appends records to one segment, as many as there is room for, or none if it fails. The caller books them on the segment.
   *
   * @param room - bytes that may be added
   * @returns the segment, and the records and bytes that were added
   * @throws the file system's error; the bytes that a short write left are cut off again
   */
  async append(records: readonly UsageRecord[], room: number) {
    const { handle, segment } = await this.#active();
    const { count, content } = encode(records, segment.written, room);
    try {
      await writeAll(handle, content, segment.bytes);
      if (this.#fsync === 'always') await handle.datasync();
      // A file that was deleted takes everything, and nobody can read it.
      await access(segment.path);
    } catch (error) {
      await handle.truncate(segment.bytes).catch(() => {});
      await this.end().catch(() => {});
      if (segment.bytes === 0) await unlink(segment.path).catch(() => {});
      throw error;
    }
    this.#isDirty = true;
    // The records are written, even if the handle cannot be closed.
    if (segment.bytes + content.length >= SEGMENT_BYTES) await this.end().catch(() => {});
    return { segment, count, bytes: content.length };
  }

  /** Cuts off the records that were appended and have not been booked. A segment without records is deleted. */
  async takeBack(segment: Segment): Promise<void> {
    // Nothing may be written behind records that cannot be cut off.
    if (this.segment === segment) await this.end().catch(() => {});
    await (segment.bytes > 0 ? truncate(segment.path, segment.bytes) : unlink(segment.path));
  }

  /** Forces to the disk the records that were written since the last time. */
  async sync(): Promise<void> {
    if (!this.#isDirty || this.#fsync === 'never') return;
    this.#isDirty = false;
    await this.#open?.handle.datasync();
  }

  /** Ends the segment; the next record begins another. */
  async end(): Promise<void> {
    if (this.#open === null) return;
    const { handle } = this.#open;
    this.#open = null;
    try {
      if (this.#isDirty && this.#fsync !== 'never') await handle.datasync();
    } finally {
      this.#isDirty = false;
      await handle.close();
    }
  }

  async #active() {
    if (this.#open !== null) return this.#open;
    this.#count += 1;
    const path = join(this.#folder, `${String(this.#count).padStart(8, '0')}${SEGMENT_SUFFIX}`);
    const handle = await open(path, 'ax', 0o600);
    // Records tell of callers: the owner alone may read them, even where the umask allows more. A file system without modes throws.
    await handle.chmod(0o600).catch(() => {});
    const segment: Segment = { path, written: 0, unsettled: 0, bytes: 0, oldestMs: null, sinceMs: 0 };
    this.#open = { handle, segment };
    return this.#open;
  }
}

/** The first records as lines, as many as fit. */
function encode(records: readonly UsageRecord[], first: number, room: number) {
  const lines: Buffer[] = [];
  let left = room;
  for (const [index, record] of records.entries()) {
    const line = Buffer.from(encodeLine(first + index, encodeRecord(record)));
    left -= line.length;
    if (left < 0) break;
    lines.push(line);
  }
  return { count: lines.length, content: Buffer.concat(lines) };
}

async function writeAll(handle: FileHandle, content: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < content.length) {
    const { bytesWritten } = await handle.write(
      content,
      written,
      content.length - written,
      position + written,
    );
    written += bytesWritten;
  }
}
