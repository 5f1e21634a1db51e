import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { ChildConfig, ChildLook, ReportLine } from './children/child-config.js';
import type { ChildMood } from './children/keyed-storage.js';
import { childEnvironment } from './run.js';
import { until } from './until.js';

const SCRIPT = fileURLToPath(new URL('children/tracked-server.js', import.meta.url));
const living = new Set<TrackedChild>();

/** Kills what a spec has left alive. */
export async function killAll(): Promise<void> {
  await Promise.all([...living].map((child) => child.kill()));
}

/** How a child process ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A Koa server in a process of its own. */
export class TrackedChild {
  readonly ended: Promise<ChildEnd>;
  stderr = '';
  /** What it has said without being asked. */
  readonly events: string[] = [];
  port = 0;
  readonly #process: ChildProcess;
  readonly #answers = new Map<number, (result: unknown) => void>();
  #asked = 0;

  /** @param wrapper - a program and its arguments that run the child, such as a shell with limits */
  private constructor(config: ChildConfig, wrapper: readonly string[]) {
    const [program, ...args] = [...wrapper, process.execPath, SCRIPT, JSON.stringify(config)];
    this.#process = spawn(program, args, {
      env: childEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    living.add(this);
    this.#process.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#process.on('message', (message) => this.#hear(message as ChildMessage));
    this.ended = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => {
        living.delete(this);
        resolve({ code, signal });
      });
    });
  }

  /** Starts one, and waits for nothing. */
  static launch(config: ChildConfig): TrackedChild {
    return new TrackedChild(config, []);
  }

  /** Starts one, and waits until it listens. */
  static async start(config: ChildConfig, wrapper: readonly string[] = []): Promise<TrackedChild> {
    const child = new TrackedChild(config, wrapper);
    const ready = until(() => child.port > 0, 'the child listens');
    const early = child.ended.then(({ code }) => {
      if (child.port === 0) throw new Error(`The child ended with ${code}: ${child.stderr}`);
    });
    await Promise.race([ready, early]);
    return child;
  }

  /** Has it do something, and returns its answer. */
  ask<Result = void>(name: string, argument?: unknown): Promise<Result> {
    const id = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#answers.set(id, (result) => resolve(result as Result));
      this.#process.send({ id, name, argument }, (error) => error && reject(error));
    });
  }

  look(): Promise<ChildLook> {
    return this.ask('look');
  }

  setMood(mood: ChildMood): Promise<void> {
    return this.ask('mood', mood);
  }

  /** Waits until it has said something, as often as told. */
  async heard(event: string, times = 1): Promise<void> {
    await until(
      () => this.events.filter((said) => said === event).length >= times,
      `the child says ${event}`,
    );
  }

  /** Waits until its statistics are as they should be. */
  async waitFor(what: string, condition: (look: ChildLook) => boolean): Promise<ChildLook> {
    let look = await this.look();
    await until(async () => condition((look = await this.look())), what);
    return look;
  }

  /** Sends a signal, and waits for nothing. */
  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Kills it, and waits until it is gone. */
  async kill(): Promise<ChildEnd> {
    this.signal('SIGKILL');
    return this.ended;
  }

  /** Has it store what it has, and ends it. */
  async finish(): Promise<ChildLook> {
    await this.ask('close', 5000);
    const look = await this.look();
    await this.kill();
    return look;
  }

  #hear({ event, port, id, result }: ChildMessage): void {
    if (event !== undefined) this.events.push(event);
    if (port !== undefined) this.port = port;
    if (id !== undefined) this.#answers.get(id)?.(result);
  }
}

interface ChildMessage {
  readonly event?: string;
  readonly port?: number;
  readonly id?: number;
  readonly result?: unknown;
}

/** Sends requests to a child, several at a time, and notes which are answered. */
export class Requests {
  readonly answered: string[] = [];
  /** Answers that are not as they should be. */
  readonly wrong: string[] = [];
  #sent = 0;
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /**
   * Sends so many, or fewer if the child dies.
   *
   * @param onAnswer - is called at every answer
   */
  async send(port: number, count: number, onAnswer: () => void = () => {}): Promise<void> {
    const end = this.#sent + count;
    const one = async (): Promise<void> => {
      while (this.#sent < end) {
        const path = `/${this.#prefix}/${(this.#sent += 1)}`;
        const response = await fetch(`http://127.0.0.1:${port}${path}`);
        const text = await response.text();
        if (response.status !== 200 || text !== `answer to ${path}`) this.wrong.push(text);
        this.answered.push(path);
        onAnswer();
      }
    };
    await Promise.all(Array.from({ length: 8 }, () => one().catch(() => {})));
  }
}

/** What a child noted before it died: its paths in the order in which they were handed over, and the last counts. */
export async function readReport(file: string): Promise<{ paths: string[]; last: ReportLine }> {
  const paths: string[] = [];
  let last: ReportLine = { paths: [], stored: 0, spooled: 0, queued: 0, inFlight: 0 };
  const content = await readFile(file, 'utf8');
  // What follows the last line feed is a line that was torn.
  for (const line of content.split('\n').slice(0, -1)) {
    last = JSON.parse(line) as ReportLine;
    paths.push(...last.paths);
  }
  return { paths, last };
}

/** The paths that are stored, one for each row. */
export function storedPaths(database: string): string[] {
  const connection = new DatabaseSync(database, { readOnly: true });
  const rows = connection.prepare('SELECT path FROM usage').all() as { path: string }[];
  connection.close();
  return rows.map(({ path }) => path);
}
