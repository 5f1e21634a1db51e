import { randomBytes } from 'node:crypto';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { expect } from 'chai';
import { TrackUsageError } from '../../src/errors.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import {
  type ConsumeOptions,
  JetStreamStorage,
  type JetStreamStorageOptions,
  type UsageWorker,
  consumeUsage,
} from '../../src/worker/index.js';
import type { StoreResult, UsageStorage } from '../../src/storage/usage-storage.js';
import { caught } from './caught.js';
import { KeepingLogger } from './crash-watch.js';
import { withNats } from './servers/nats.js';
import type { TestServer } from './servers.js';

const { signal } = new AbortController();

/** Stores records, however long it takes. */
export function store(storage: UsageStorage, records: readonly UsageRecord[]): Promise<StoreResult> {
  return storage.store(records, signal);
}

/** How one of the library's own errors rejects a promise. */
export async function refusal(promise: Promise<unknown>): Promise<[code: string, message: string]> {
  const error = await caught(promise);
  expect(error).to.be.an.instanceOf(TrackUsageError);
  return [(error as TrackUsageError).code, error.message];
}

/** A stream of its own for each spec, and whatever uses it until the spec is over. */
export class SpecStream {
  readonly name = `SPEC_${randomBytes(6).toString('hex')}`;
  readonly logger = new KeepingLogger();
  readonly #servers: readonly string[];
  readonly #ends: (() => Promise<unknown>)[] = [];

  /** @param servers - the URLs of the servers */
  constructor(servers: readonly string[]) {
    this.#servers = servers;
  }

  /** Opens the stream. */
  async connect(options: Partial<JetStreamStorageOptions> = {}): Promise<JetStreamStorage> {
    const given = { servers: this.#servers, stream: this.name, replicas: 1, ...options };
    const storage = await JetStreamStorage.connect(given);
    this.#ends.push(() => storage.close());
    return storage;
  }

  /** Starts a worker with a connection of its own, and small pauses. */
  async work(
    storage: UsageStorage,
    options: ConsumeOptions = {},
    connection: Partial<JetStreamStorageOptions> = {},
  ): Promise<UsageWorker> {
    const { batch, retry, ...more } = options;
    const worker = consumeUsage(await this.connect(connection), storage, {
      logger: this.logger,
      batch: { maxDelayMs: 20, ...batch },
      retry: { minDelayMs: 20, maxDelayMs: 50, ...retry },
      ...more,
    });
    this.#ends.push(() => worker.close({ timeoutMs: 500 }));
    return worker;
  }

  /** Makes the consumer of the workers, before they do, with a time of its own after which what nobody has spoken of is delivered again. */
  async addConsumer(ackWaitMs: number): Promise<void> {
    await this.manage(({ consumers }) =>
      consumers.add(this.name, {
        durable_name: 'koa-track-usage',
        ack_policy: 'explicit',
        ack_wait: ackWaitMs * 1e6,
        filter_subject: this.name,
      }),
    );
  }

  /** Publishes records, one batch. */
  async publish(records: readonly UsageRecord[]): Promise<void> {
    const storage = await this.connect();
    await storage.store(records, signal);
    await storage.close();
  }

  /** Publishes what is no message of ours. */
  publishRaw(data: string): Promise<void> {
    return withNats(this.#servers, async (connection) => {
      connection.publish(this.name, data);
      await connection.flush();
    });
  }

  /** Messages that the stream holds, dead letters among them. */
  async length(): Promise<number> {
    const { state } = await this.manage(({ streams }) => streams.info(this.name));
    return state.messages;
  }

  /** The dead letters: why, what they hold, and how many bytes of it there were where they are cut. */
  async deadLetters(): Promise<{ reason: string; error: string; data: string; wholeBytes?: number }[]> {
    return this.manage(async ({ streams }) => {
      const { state } = await streams.info(this.name);
      const letters = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
        const message = await streams.getMessage(this.name, { seq });
        if (message?.subject !== `${this.name}.refused`) continue;
        const [reason = '', error = '', whole = ''] = ['Reason', 'Error', 'Whole-Bytes'].map((name) =>
          message.header.get(`Koa-Track-Usage-${name}`),
        );
        const cut = whole === '' ? {} : { wholeBytes: Number(whole) };
        letters.push({ reason, error, data: message.string(), ...cut });
      }
      return letters;
    });
  }

  /** Asks the server about its streams. */
  manage<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    return withNats(this.#servers, async (connection) => work(await jetstreamManager(connection)));
  }

  /** Ends what uses the stream, and deletes it. */
  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).toReversed()) await end();
    await this.manage(({ streams }) => streams.delete(this.name)).catch(() => {});
  }
}

/** A stream for each spec of a suite. */
export function useStream(server: () => TestServer): () => SpecStream {
  let stream: SpecStream;
  // A server that deletes its only stream removes the folder of all of them a moment later, from under the next one.
  let another: SpecStream;
  before(async () => {
    another = new SpecStream([server().url()]);
    await another.connect();
  });
  after(() => another.end());
  beforeEach(() => {
    stream = new SpecStream([server().url()]);
  });
  afterEach(() => stream.end());
  return () => stream;
}
