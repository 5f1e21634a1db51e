import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { type Ended, childEnvironment } from './run.js';
import { until } from './until.js';

/** The quick start's application in a process of its own. */
export class Quickstart {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #stdout = '';
  #stderr = '';

  private constructor(env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, [resolve('examples/quickstart/dist/main.js')], {
      env: childEnvironment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (this.#stdout += chunk));
    this.#child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk));
    this.#ended = new Promise((settle) => {
      this.#child.once('close', settle);
    });
  }

  /** Starts it on a free port and waits until it says where it listens. */
  static async start(dbName: string): Promise<Quickstart> {
    const app = new Quickstart({ PORT: '0', USAGE_DB: dbName });
    await until(() => app.lines.length >= 5 || app.hasEnded, 'the quick start listens');
    if (app.hasEnded) throw new Error(`The quick start ended: ${app.#stderr}`);
    return app;
  }

  /** Starts it where it cannot run, and waits for its end. */
  static attempt(env: { PORT: string; USAGE_DB: string }): Promise<Ended> {
    return new Quickstart(env).ended();
  }

  /** The whole lines that it printed so far. */
  get lines(): string[] {
    return this.#stdout.split('\n').slice(0, -1);
  }

  /** The printed lines about requests: those that begin with a date. */
  get records(): string[] {
    return this.lines.filter((line) => /^\d{4}-\d\d-\d\dT/.test(line));
  }

  get origin(): string {
    return /http:\/\/127\.0\.0\.1:\d+/.exec(this.#stdout)?.[0] ?? 'not listening';
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Asks, and returns the status and the body, parsed if it is JSON. */
  async ask(path: string, init?: RequestInit): Promise<{ status: number; body: unknown }> {
    const response = await fetch(this.origin + path, init);
    const body = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, body: isJson ? JSON.parse(body) : body };
  }

  /** Sends a signal. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Sends a signal, and waits for the end. */
  stop(name: NodeJS.Signals): Promise<Ended> {
    this.signal(name);
    return this.ended();
  }

  /** Ends it for certain. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Waits for the end. */
  async ended(): Promise<Ended> {
    const code = await this.#ended;
    return { code, stdout: this.#stdout, stderr: this.#stderr };
  }
}
