import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { NoServer, missing } from './servers.js';
import { findNats, nats, withNats } from './servers/nats.js';
import { quietPort } from './servers/quiet-port.js';
import { OwnServer } from './servers/test-server.js';
import { until } from './until.js';

/** Three servers of NATS on the loopback interface, each with data of its own. */
export class NatsCluster {
  readonly nodes: readonly OwnServer[];

  private constructor(nodes: readonly OwnServer[]) {
    this.nodes = nodes;
  }

  /** Starts the servers. */
  static async start(): Promise<NatsCluster> {
    const program = findNats();
    if (program === undefined) throw new NoServer(missing('nats', 'own'));
    const ports = await Promise.all([0, 1, 2].map(() => quietPort()));
    const routes = ports.map((port) => `nats://127.0.0.1:${port}`);
    const cluster = ['--cluster_name', 'specs', '--routes', routes.join(',')];
    const launched = await Promise.allSettled(
      routes.map((route, index) =>
        OwnServer.launch(nats, program.with(['-n', `node-${index}`, '--cluster', route, ...cluster])),
      ),
    );
    const nodes = launched.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const made = new NatsCluster(nodes);
    try {
      if (nodes.length < 3) throw new Error('Not all three servers of NATS have started.');
      await made.recovered();
      return made;
    } catch (error) {
      await made.dispose();
      throw error;
    }
  }

  /** The servers' URLs. */
  get urls(): string[] {
    return this.nodes.map((node) => node.url());
  }

  /** The server that leads a stream, as the servers say that run. */
  async leaderOf(stream: string): Promise<OwnServer> {
    let leader = '';
    await until(async () => {
      const info = await this.#ask((manager) => manager.streams.info(stream)).catch(() => null);
      leader = info?.cluster?.leader ?? '';
      return leader !== '';
    }, `the stream '${stream}' has a leader`);
    return this.nodes[Number(leader.at(-1))] as OwnServer;
  }

  /** Waits until the servers take a stream of three replicas. */
  recovered(): Promise<void> {
    return until(() => this.#takesStreams(), 'the cluster takes streams', 100);
  }

  /** Ends the servers, and deletes their data. */
  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.dispose()));
  }

  async #ask<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    const running = this.nodes.find(({ pid }) => pid !== undefined);
    return withNats(String(running?.url()), async (connection) =>
      work(await jetstreamManager(connection, { checkAPI: false, timeout: 1000 })),
    );
  }

  async #takesStreams(): Promise<boolean> {
    try {
      await this.#ask(async ({ streams }) => {
        await streams.add({ name: 'probe', num_replicas: 3 });
        await streams.delete('probe');
      });
      return true;
    } catch {
      return false;
    }
  }
}
