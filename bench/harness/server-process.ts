import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The first message of a child process. */
export interface Ready {
  readonly url: string;
}

/** How a reading is taken. */
export interface Question {
  /** Whether to read at once, in the midst of requests; otherwise deferred work is done first. */
  readonly isUnderLoad?: boolean;
  /** Whether to watch how long that work holds the event loop. It costs CPU time. */
  readonly watchesTurns?: boolean;
  /** Whether to collect garbage before the heap is measured; needs `--expose-gc`. */
  readonly collectsGarbage?: boolean;
}

/** The state of a server process. */
export interface Reading {
  /** CPU time since the process began, all threads, user and system, in microseconds. */
  readonly cpuUs: number;
  readonly heapBytes: number;
  /** Resident memory, all threads. */
  readonly residentBytes: number;
  /** The longest turn of the event loop while the deferred work was done; 0 if it was not watched. */
  readonly longestTurnMs: number;
}

/** A process that serves one variant of the application. */
export class ServerProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** @param variant - the name of a file in `variants/` */
  static async start(variant: string): Promise<ServerProcess> {
    const { child, url } = await startProgram('server.js', variant);
    return new ServerProcess(child, url);
  }

  /** Takes a reading, as a rule when the deferred work is done. */
  async read(question: Question = {}): Promise<Reading> {
    this.#child.send(question);
    return nextMessage<Reading>(this.#child, 'server');
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    await stopProgram(this.#child);
  }
}

/** Runs something with one process for each variant, and ends them whatever happens. */
export async function withServers<Result>(
  variants: readonly string[],
  run: (servers: readonly ServerProcess[]) => Promise<Result>,
): Promise<Result> {
  const servers: ServerProcess[] = [];
  try {
    for (const variant of variants) servers.push(await ServerProcess.start(variant));
    return await run(servers);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/**
 * Runs something while a program of this folder serves, and ends it whatever happens.
 *
 * @param program - sends {@link Ready}, and ends when it is disconnected
 */
export async function withProgram<Result>(
  program: string,
  run: (ready: Ready) => Promise<Result>,
): Promise<Result> {
  const { child, url } = await startProgram(program);
  try {
    return await run({ url });
  } finally {
    await stopProgram(child);
  }
}

/**
 * Starts a program of this folder in a process of its own, and waits for {@link Ready}.
 *
 * @throws if it ends by itself
 */
export async function startProgram(
  program: string,
  ...args: string[]
): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), args, {
    execArgv: ['--expose-gc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const { url } = await nextMessage<Ready>(child, args[0] ?? program);
  return { child, url };
}

/** Ends a program, which does so when it is disconnected. */
export async function stopProgram(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}

/**
 * Waits for what a process says next.
 *
 * @throws if it ends by itself
 */
export async function nextMessage<Message>(child: ChildProcess, variant: string): Promise<Message> {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    const exited = once(child, 'exit', { signal }).then(() => {
      throw new Error(`The process of '${variant}' ended by itself; what it printed says why.`);
    });
    const [message] = (await Promise.race([once(child, 'message', { signal }), exited])) as [Message];
    return message;
  } finally {
    stop.abort();
  }
}
