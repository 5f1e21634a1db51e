import type {
  Consumer,
  JetStreamClient,
  JetStreamManager,
  JetStreamPublishOptions,
  StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection, Status } from '@nats-io/transport-node';
import { TrackUsageError } from '../../errors.js';
import type { DeadLetterReason, SourceContents } from '../../storage/usage-source.js';
import { CONNECT, type JetStreamSettings } from './connect-options.js';
import { ERROR, REASON, WHOLE_BYTES, requeue } from './dead-letters.js';
import {
  CONSUMER_NOT_FOUND,
  STREAM_NOT_FOUND,
  TOO_MANY_UNACKNOWLEDGED,
  codeOf,
  isTimeOut,
  isUnanswered,
  streamError,
} from './errors.js';
import type { PackedRecords } from './messages.js';
import { type Packages, importPackages } from './packages.js';
import { checkConsumer, checkStream, warnOfStream } from './stream-settings.js';

/** How long the servers are waited for, in milliseconds. */
const TIMEOUT_MS = 5000;

/** How often the server is asked whether it is there, in milliseconds; it is left after two that were not answered. */
const PING_MS = 5000;

/** Messages that all workers of a group hold, at most: each bounds what it holds itself. */
const MAX_UNACKNOWLEDGED = 50_000;

/** A connection to the servers of one stream. */
export class StreamLink {
  readonly stream: string;
  readonly subject: string;
  readonly #packages: Packages;
  readonly #connection: NatsConnection;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  #maxBytes: number;

  private constructor(
    settings: JetStreamSettings,
    packages: Packages,
    connection: NatsConnection,
    manager: JetStreamManager,
  ) {
    this.stream = settings.stream;
    this.subject = settings.subject;
    this.#packages = packages;
    this.#connection = connection;
    this.#manager = manager;
    this.#maxBytes = connection.info?.max_payload ?? 1_048_576;
    this.#client = manager.jetstream();
  }

  /**
   * Connects, and makes the stream if it is missing.
   *
   * @throws {TrackUsageError} `STORAGE_CONNECT` if no server can be reached; `STORAGE_SETUP` if it does not let the user in, a package is not
   *   installed, or the stream can neither be used nor made
   */
  static async open(settings: JetStreamSettings): Promise<StreamLink> {
    const { servers, timeout = TIMEOUT_MS } = settings.client;
    const packages = await importPackages();
    const connection = await packages
      .connect({
        name: 'koa-track-usage',
        // A server that is frozen is left for another one.
        pingInterval: PING_MS,
        ...settings.client,
        timeout,
        // A server that is away, or knows the user no more, is a matter for those who wait, and may come back.
        maxReconnectAttempts: -1,
        ignoreAuthErrorAbort: true,
      })
      .catch((error: unknown) => {
        const code = isNotLetIn(error) ? 'STORAGE_SETUP' : 'STORAGE_CONNECT';
        throw new TrackUsageError(code, `${CONNECT}: ${explainConnect(servers, error)}`, error);
      });
    try {
      const manager = await packages.jetstreamManager(connection, { timeout, checkAPI: false });
      const link = new StreamLink(settings, packages, connection, manager);
      const { config } = await link.#findStream(settings);
      checkStream(config, link.#subjects);
      warnOfStream(config);
      return link;
    } catch (error) {
      await connection.close();
      throw streamError(error, `${CONNECT}: the stream '${settings.stream}' cannot be used`);
    }
  }

  /** Bytes of a message at most, its headers included, as a server has said last. */
  get maxBytes(): number {
    return (this.#maxBytes = this.#connection.info?.max_payload ?? this.#maxBytes);
  }

  /**
   * Publishes a message, and waits until as many servers have it as the stream wants.
   *
   * @throws {TrackUsageError} `STORAGE_SETUP`, `BATCH_REFUSED`, `STORAGE_UNAVAILABLE`, or `STORAGE_TIMEOUT` if a smaller message may get there
   */
  async publish({ id, data }: PackedRecords): Promise<void> {
    await this.#publish(this.subject, data, { msgID: id });
  }

  /**
   * Publishes a dead letter.
   *
   * @param wholeBytes - bytes that the letter had before it was cut to `data`
   * @throws {TrackUsageError} as {@link publish} does
   */
  async publishDead(
    data: Uint8Array,
    { id, reason, error }: DeadLetterReason,
    wholeBytes: number,
  ): Promise<void> {
    const headers = this.#packages.headers();
    headers.set(REASON, reason);
    if (error !== null) headers.set(ERROR, error);
    if (data.length < wholeBytes) headers.set(WHOLE_BYTES, String(wholeBytes));
    await this.#publish(`${this.subject}.refused`, data, { msgID: id, headers });
  }

  /**
   * Opens the consumer that a group of workers shares, and makes it if it is missing.
   *
   * @throws {TrackUsageError} as {@link publish} does
   */
  async consumer(name: string, ackWaitMs: number): Promise<Consumer> {
    const { consumers } = this.#manager;
    try {
      const info = await consumers.info(this.stream, name).catch((error: unknown) => {
        if (codeOf(error) !== CONSUMER_NOT_FOUND) throw error;
        const config = {
          durable_name: name,
          ack_policy: 'explicit',
          ack_wait: this.#packages.nanos(ackWaitMs),
          filter_subject: this.subject,
        } as const;
        return consumers
          .add(this.stream, { ...config, max_ack_pending: MAX_UNACKNOWLEDGED })
          .catch((refusal: unknown) => {
            if (codeOf(refusal) !== TOO_MANY_UNACKNOWLEDGED) throw refusal;
            // The server takes the limit of the stream or of the account.
            return consumers.add(this.stream, config);
          });
      });
      checkConsumer(this.stream, info.config, this.subject);
      return this.#client.consumers.getConsumerFromInfo(info);
    } catch (error) {
      throw streamError(error, `The consumer '${name}' of the stream '${this.stream}' cannot be used`);
    }
  }

  /**
   * Asks what the stream holds.
   *
   * @throws {TrackUsageError} as {@link publish} does
   */
  async contents(): Promise<SourceContents> {
    try {
      const { config, state } = await this.#manager.streams.info(this.stream, { subjects_filter: '>' });
      const [messages = 0, deadLetters = 0] = this.#subjects.map((subject) => state.subjects?.[subject]);
      // The oldest message of all may be a dead letter, or one that was stored and stays.
      const isOldest = config.retention === 'workqueue' && messages > 0 && deadLetters === 0;
      return { messages, deadLetters, oldest: isOldest ? new Date(state.first_ts) : null };
    } catch (error) {
      throw streamError(error, `The stream '${this.stream}' cannot be looked at`);
    }
  }

  /**
   * Puts dead letters that are whole records back among the records.
   *
   * @returns how many
   * @throws {TrackUsageError} as {@link publish} does
   */
  async requeue(): Promise<number> {
    const [, letters] = this.#subjects;
    try {
      return await requeue(this.#manager, this.stream, letters, (message) => this.publish(message));
    } catch (error) {
      throw streamError(error, `The dead letters of the stream '${this.stream}' cannot be put back`);
    }
  }

  /** Tells of the connection, until it is closed. */
  status(): AsyncIterable<Status> {
    return this.#connection.status();
  }

  /** Says of a message, by the subject for what is said of it, that it is being worked on. */
  sayHeld(subject: string): void {
    this.#connection.publish(subject, '+WPI');
  }

  /** Waits until all that was said has gone out. Never throws. */
  async flush(): Promise<void> {
    await this.#connection.flush().catch(() => {});
  }

  /** Ends the connection. May be called twice. */
  async close(): Promise<void> {
    await this.#connection.close();
    // The client leaves the socket of an attempt to connect open, which would keep the process alive as long as the server is silent.
    (
      this.#connection as { protocol?: { transport?: { discard?(): void } } }
    ).protocol?.transport?.discard?.();
  }

  async #publish(
    subject: string,
    data: Uint8Array,
    options: Partial<JetStreamPublishOptions>,
  ): Promise<void> {
    const failed = `The stream '${this.stream}' cannot be written`;
    const { info } = this.#connection;
    try {
      await this.#client.publish(subject, data, { ...options, expect: { streamName: this.stream } });
    } catch (error) {
      if (isUnanswered(error)) await this.#lookAtStream(failed, error);
      // A server that was there all of the time may answer to less; one that was lost meanwhile answers to nothing.
      if (isTimeOut(error) && info !== undefined && info === this.#connection.info)
        throw new TrackUsageError('STORAGE_TIMEOUT', `${failed}: no server has answered in time.`, error);
      throw streamError(error, failed);
    }
  }

  /** Finds out why nobody takes a message. @throws {TrackUsageError} always; `STORAGE_SETUP` if it is certain that nobody will */
  async #lookAtStream(failed: string, cause: unknown): Promise<never> {
    let info: StreamInfo;
    try {
      info = await this.#manager.streams.info(this.stream);
    } catch (error) {
      throw streamError(error, failed);
    }
    checkStream(info.config, this.#subjects);
    throw new TrackUsageError('STORAGE_UNAVAILABLE', `${failed} now: its servers agree on no leader.`, cause);
  }

  async #findStream({ replicas, readOnly }: JetStreamSettings): Promise<StreamInfo> {
    const { streams } = this.#manager;
    try {
      return await streams.info(this.stream);
    } catch (error) {
      if (readOnly || codeOf(error) !== STREAM_NOT_FOUND) throw error;
      return streams.add({
        name: this.stream,
        description: 'Usage records of koa-track-usage that wait for a database',
        subjects: this.#subjects,
        // What is acknowledged goes; what does not fit is refused, rather than taken in the place of what waits.
        retention: 'workqueue',
        discard: 'new',
        storage: 'file',
        compression: 's2',
        // `nats stream view` reads a work queue in no other way, and shows dead letters.
        allow_direct: true,
        num_replicas: replicas,
      });
    }
  }

  /** Records first, then dead letters. */
  get #subjects(): [string, string] {
    return [this.subject, `${this.subject}.refused`];
  }
}

function isNotLetIn(error: unknown): boolean {
  return error instanceof Error && error.name === 'AuthorizationError';
}

function explainConnect(servers: readonly string[], error: unknown): string {
  const { message } = error instanceof Error ? error : new Error(String(error));
  const hosts = servers.join(', ');
  return isNotLetIn(error)
    ? `the NATS servers ${hosts} do not let the user in: ${message}. Check user, pass or token.`
    : `the NATS servers ${hosts} cannot be reached: ${message}. Check that one of them runs there.`;
}
