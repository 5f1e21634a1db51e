import { TrackUsageError } from '../../errors.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { SourceContents, UsageFeed, UsageSource } from '../../storage/usage-source.js';
import type { StoreResult, UsageStorage } from '../../storage/usage-storage.js';
import { orAbort } from '../../time/or-abort.js';
import {
  type JetStreamSettings,
  type JetStreamStorageOptions,
  resolveConnection,
} from './connect-options.js';
import { packRecords } from './messages.js';
import { StreamFeed } from './stream-feed.js';
import { StreamLink } from './stream-link.js';

/**
 * Publishes records to a stream of NATS JetStream, where they wait until workers have stored them in a database: `consumeUsage`, or
 * `koa-track-usage work`.
 */
export class JetStreamStorage implements UsageStorage, UsageSource {
  /** @inheritdoc */
  readonly name: string;
  /** @inheritdoc */
  readonly destination: UsageStorage | undefined;
  /** @inheritdoc */
  readonly isReadOnly: boolean;
  readonly #link: StreamLink;

  private constructor({ name, database, readOnly }: JetStreamSettings, link: StreamLink) {
    this.name = name;
    this.#link = link;
    this.destination = database ?? undefined;
    this.isReadOnly = readOnly;
  }

  /**
   * Connects to the servers, and makes the stream if it is missing, but for `readOnly`.
   *
   * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used; `STORAGE_CONNECT` if no server can be reached;
   *   `STORAGE_SETUP` if it does not let the user in, a package is not installed, or the stream can neither be used nor made
   */
  static async connect(options: JetStreamStorageOptions): Promise<JetStreamStorage> {
    const settings = resolveConnection(options);
    return new JetStreamStorage(settings, await StreamLink.open(settings));
  }

  /**
   * Publishes a batch, in as many messages as it takes, and waits until the stream has them. A message that comes again within the
   * stream's `duplicate_window` is kept once.
   *
   * @throws {TrackUsageError} `STORAGE_SETUP`, `BATCH_REFUSED`, `STORAGE_TIMEOUT`, `STORAGE_UNAVAILABLE` or `STORAGE_CLOSED`
   */
  async store(batch: readonly UsageRecord[], signal: AbortSignal): Promise<StoreResult> {
    const { maxBytes, stream } = this.#link;
    const { messages, tooLarge } = await packRecords(batch, maxBytes, signal);
    // One after another, so that each has all of the time that the servers are given, and none is sent that nobody waits for.
    for (const message of messages) {
      signal.throwIfAborted();
      await orAbort(this.#link.publish(message), signal);
    }
    const refused = tooLarge.map(({ record, bytes }) => ({
      id: record.id,
      error: new TrackUsageError(
        'BATCH_REFUSED',
        `A record of ${bytes} bytes is larger than the servers of the stream '${stream}' take (max_payload: ${maxBytes}). Raise ` +
          'max_payload there.',
      ),
    }));
    return { stored: batch.length - refused.length, refused };
  }

  /** @inheritdoc */
  feed(consumer: string): UsageFeed {
    return new StreamFeed(this.#link, consumer);
  }

  /** @inheritdoc */
  contents(): Promise<SourceContents> {
    return this.#link.contents();
  }

  /** @inheritdoc */
  requeue(): Promise<number> {
    return this.#link.requeue();
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    await this.#link.close();
    await this.destination?.close?.();
  }
}
