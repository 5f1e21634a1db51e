import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The first message of a child process. */
export interface Ready {
  readonly url: string;
}

/** How a reading is taken. Deferred work is always done first. */
export interface Question {
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
    const program = fileURLToPath(new URL('server.js', import.meta.url));
    const child = fork(program, [variant], {
      execArgv: ['--expose-gc'],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    const { url } = await nextMessage<Ready>(child, variant);
    return new ServerProcess(child, url);
  }

  /** Has the deferred work done, and takes a reading. */
  async read(question: Question = {}): Promise<Reading> {
    this.#child.send(question);
    return nextMessage<Reading>(this.#child, 'server');
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
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

async function nextMessage<Message>(child: ChildProcess, variant: string): Promise<Message> {
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
