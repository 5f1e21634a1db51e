import { type FileHandle, open } from 'node:fs/promises';

/** What is done to an open file. */
export type FileAction = 'datasync' | 'readFile' | 'write';

type Handles = Record<FileAction, (...args: unknown[]) => Promise<unknown>>;

/** File handles that do not answer, as those of a network disk whose server is away. */
export class HungFiles {
  readonly #handles: Handles;
  readonly #action: FileAction;
  readonly #original: (...args: unknown[]) => Promise<unknown>;
  readonly #answer = Promise.withResolvers<void>();
  /** Calls that wait for their answer. */
  hanging = 0;

  private constructor(handles: Handles, action: FileAction) {
    this.#handles = handles;
    this.#action = action;
    this.#original = handles[action];
  }

  /** Has one kind of action hang in this process until {@link answer} or {@link fail}. */
  static async hang(action: FileAction): Promise<HungFiles> {
    const handle = await open('/dev/null');
    const handles = Object.getPrototypeOf(handle) as Handles;
    await handle.close();
    const files = new HungFiles(handles, action);
    handles[action] = async function wait(this: FileHandle, ...args) {
      files.hanging += 1;
      await files.#answer.promise;
      return files.#original.apply(this, args);
    };
    return files;
  }

  /** Lets all that hangs come to its late end, and what comes answer at once. */
  answer(): void {
    this.#handles[this.#action] = this.#original;
    this.#answer.resolve();
  }

  /** Lets all that hangs fail, and what comes answer at once. */
  fail(error: Error): void {
    this.#handles[this.#action] = this.#original;
    this.#answer.reject(error);
  }
}
