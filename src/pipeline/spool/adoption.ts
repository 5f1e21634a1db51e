import { unlink } from 'node:fs/promises';
import { toError } from '../telling/report-log.js';
import type { OwnFolder } from './own-folder.js';
import { readRegularFile } from './regular-file.js';
import { oldestOf, readSegment } from './segment.js';
import type { Segment } from './segment-writer.js';
import type { SpoolObserver } from './spool-contract.js';
import type { Turns } from './turns.js';

/** Takes over what processes that died left, a step at a time, so that records are written in between. */
export class Adoption {
  readonly #turns: Turns;
  readonly #observer: SpoolObserver;
  readonly #keep: (segment: Segment) => void;
  #run: PromiseWithResolvers<void> | null = null;

  /** @param keep - takes a segment with records */
  constructor(turns: Turns, observer: SpoolObserver, keep: (segment: Segment) => void) {
    this.#turns = turns;
    this.#observer = observer;
    this.#keep = keep;
  }

  /** Resolves when all that others left has been taken over, or nobody waits for it any longer. */
  get over(): Promise<void> | undefined {
    return this.#run?.promise;
  }

  /** Nobody waits for what is under way any longer. */
  giveUp(): void {
    this.#run?.resolve();
  }

  /** Moves to a folder, if there is one, what others left, unless that is under way. It never throws. */
  async run(folder: OwnFolder | undefined): Promise<void> {
    if (folder === undefined || this.#run !== null) return;
    this.#run = Promise.withResolvers();
    // What cannot be adopted stays where it is, for the next process.
    const report = (error: unknown): void => this.#observer.returned([], toError(error));
    const orphans = folder.orphans(report);
    const next = (): Promise<IteratorResult<string, void> | void> =>
      this.#turns.run(() => orphans.next()).catch(report);
    for (let path = (await next())?.value; path !== undefined; path = (await next())?.value) {
      await this.#turns.run(() => this.#adopt(path)).catch(report);
    }
    this.#run.resolve();
    this.#run = null;
    this.#observer.ready();
  }

  /** Adopts a segment. One in which nothing is whole is deleted, as is one of a process that died before it wrote anything. */
  async #adopt(path: string): Promise<void> {
    const content = await readRegularFile(path);
    const { records, damaged } = readSegment(content);
    const { length } = records;
    if (length === 0) await unlink(path);
    // From here on in one go: at no instant is a record on disk that was not accepted.
    else
      this.#keep({
        path,
        written: length,
        unsettled: length,
        bytes: content.length,
        oldestMs: oldestOf(records),
      });
    this.#observer.adopted(length + damaged);
    if (damaged > 0) this.#observer.lost('spool-corrupt', damaged, null);
  }
}
