import { join } from 'node:path';
import { type NatsConnection, connect } from '@nats-io/transport-node';
import { type Engine, findProgram, type Program } from './engine.js';
import { GoProgram } from './go-program.js';

const built = new GoProgram(
  'NATS',
  'nats',
  'github.com/nats-io/nats-server/v2',
  'github.com/nats-io/nats-server/v2',
);

/** A server of NATS with JetStream. */
export class NatsServer implements Program {
  readonly source: string;
  readonly user: string;
  readonly password: string;
  readonly stopSignal = 'SIGTERM';
  readonly #file: string;
  readonly #more: readonly string[];

  /**
   * @param file - the program; undefined for the one in the cache folder
   * @param more - further arguments
   * @param user - who is let in, with a password that is the name backwards; empty for everybody
   */
  constructor(file: string | undefined, more: readonly string[] = [], user = '') {
    this.user = user;
    this.password = [...user].toReversed().join('');
    this.source = file === undefined ? 'built with Go' : 'nats-server';
    this.#file = file ?? built.path;
    this.#more = more;
  }

  /** The program with further arguments. */
  with(more: readonly string[], user = ''): NatsServer {
    return new NatsServer(this.#file === built.path ? undefined : this.#file, more, user);
  }

  async prepare(): Promise<void> {
    if (this.#file === built.path) await built.build();
  }

  command({ folder, port }: Parameters<Program['command']>[0]): ReturnType<Program['command']> {
    const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(folder, 'data'), ...this.#more];
    return { file: this.#file, args, identity: {} };
  }
}

/** The program of NATS, where it is on the path, was built or can be. */
export function findNats(): NatsServer | undefined {
  const file = findProgram('nats-server');
  return file === undefined && !built.isAtHand ? undefined : new NatsServer(file);
}

/** Connects once, and gives up at once where nobody answers. */
export async function withNats<T>(
  servers: string | readonly string[],
  work: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  const urls = [servers].flat().map((server) => new URL(server));
  const { username: user, password: pass } = urls[0] ?? { username: '', password: '' };
  const connection = await connect({
    servers: urls.map(({ host }) => host),
    ...(user === '' ? {} : { user, pass }),
    reconnect: false,
    timeout: 2_000,
  });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** One server of NATS; streams of specs have names of their own. */
export const nats: Engine = {
  title: 'NATS',
  variable: 'NATS_URL',
  protocol: 'nats',
  wanted: 'no NATS_URL, no nats-server on the path, and none in the cache folder nor Go to build it',
  find: findNats,
  describe: (url) => withNats(url, async ({ info }) => `NATS ${info?.version}`),
  createDatabase: () => Promise.resolve(),
  async dropDatabase(url, name) {
    const { jetstreamManager } = await import('@nats-io/jetstream');
    await withNats(url, async (connection) => {
      const { streams } = await jetstreamManager(connection);
      for await (const { config } of streams.list())
        if (config.name.startsWith(name)) await streams.delete(config.name);
    });
  },
};
