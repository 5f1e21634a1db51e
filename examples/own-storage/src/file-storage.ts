import { type FileHandle, open, readFile } from 'node:fs/promises';
import { TrackUsageError, type UsageRecord } from 'koa-track-usage';
import {
  type ReadableUsageStorage,
  type ResolvedUsageCountQuery,
  type StoreResult,
  type UsageCountQuery,
  type UsagePage,
  type UsagePageQuery,
  type UsagePosition,
  type UsageQuery,
  type UsageReader,
  type UsageStreamQuery,
  isSelected,
  resolveUsageCountQuery,
  resolveUsagePageQuery,
  resolveUsageQuery,
  streamUsagePages,
  usagePageOf,
} from 'koa-track-usage/storage';

/** What only a person can mend: no such folder, no right, a folder where the file should be, a disk that is read-only. */
const SETUP = new Set<string | undefined>(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EISDIR', 'EROFS']);

/** Keeps records in a file of one process, one a line of JSON. Each query reads the file: it is for thousands. */
export class FileStorage implements ReadableUsageStorage, UsageReader {
  readonly name = 'file';
  readonly reader: UsageReader = this;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #ids = new Set<string>();
  #size = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<FileStorage> {
    const storage = new FileStorage(path, await open(path, 'a').catch(refuseSetup));
    const whole = await storage.#wholeLines();
    for (const line of whole.split('\n')) if (line !== '') storage.#ids.add(decode(line).id);
    storage.#size = Buffer.byteLength(whole);
    await storage.#file.truncate(storage.#size); // a process that was killed may have left half a line
    return storage;
  }

  async store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    this.#assertOpen();
    const write = this.#writing.then(() => this.#append(batch, signal));
    this.#writing = write.catch(() => {}); // one after another, whether they succeed or not
    await write;
    return { stored: batch.length, refused: [] };
  }

  async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    const { limit, offset, ...selection } = resolveUsageQuery(query); // rejects what cannot be meant
    return (await this.#select(selection)).slice(offset, offset + limit);
  }

  async getUsagePage(query?: UsagePageQuery): Promise<UsagePage> {
    const resolved = resolveUsagePageQuery(query);
    const { after, limit } = resolved;
    const found = await this.#select(resolved);
    const rest = after === null ? found : found.filter((record) => newestFirst(after, record) < 0);
    return usagePageOf(rest.slice(0, limit + 1), resolved); // one more than the page tells that there is another
  }

  async countUsage(query?: UsageCountQuery): Promise<number> {
    return (await this.#select(resolveUsageCountQuery(query))).length;
  }

  streamUsage(query?: UsageStreamQuery): AsyncIterableIterator<UsageRecord> {
    this.#assertOpen();
    return streamUsagePages(query, (page) => this.getUsagePage(page));
  }

  async close(): Promise<void> {
    this.#closing ??= this.#writing.then(() => this.#file.close());
    await this.#closing;
  }

  async #append(batch: readonly UsageRecord[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted(); // the tracker no longer waits; it comes again with the same batch
    const unknown = new Map<string, string>();
    for (const record of batch) {
      if (!this.#ids.has(record.id)) unknown.set(record.id, `${JSON.stringify(record)}\n`);
    }
    const lines = Buffer.from([...unknown.values()].join(''));
    try {
      await this.#file.appendFile(lines);
    } catch (error) {
      await this.#file.truncate(this.#size); // all of the batch or nothing, so that it can come again
      return refuseSetup(error);
    }
    this.#size += lines.length;
    for (const id of unknown.keys()) this.#ids.add(id);
  }

  async #select(query: ResolvedUsageCountQuery): Promise<UsageRecord[]> {
    this.#assertOpen();
    const lines = (await this.#wholeLines()).split('\n').slice(0, -1);
    const found = lines.map(decode).filter((record) => isSelected(record, query));
    return found.toSorted(newestFirst);
  }

  /** The file without a line that is still being written. */
  async #wholeLines(): Promise<string> {
    const text = await readFile(this.#path, 'utf8');
    return text.slice(0, text.lastIndexOf('\n') + 1);
  }

  #assertOpen(): void {
    if (this.#closing === null) return;
    throw new TrackUsageError('STORAGE_CLOSED', `The storage '${this.name}' was used after close().`);
  }
}

/** Newest first, those of the same millisecond by descending id. */
function newestFirst(a: UsagePosition, b: UsagePosition): number {
  if (a.id === b.id) return 0;
  return b.date.getTime() - a.date.getTime() || (a.id < b.id ? 1 : -1);
}

function decode(line: string): UsageRecord {
  const { date, userAgent, ...fields } = JSON.parse(line) as UsageRecord;
  return Object.freeze({ ...fields, date: new Date(date), userAgent: Object.freeze(userAgent) });
}

/** Any other error, such as a full disk, means to the tracker: later. */
function refuseSetup(error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!SETUP.has(code)) throw error;
  throw new TrackUsageError('STORAGE_SETUP', `The file of records cannot be written: ${message}.`, error);
}
