import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { DeadLetterReason, UsageFeed, UsageMessage } from '../../storage/usage-source.js';
import { streamError } from './errors.js';
import { unpackRecords } from './messages.js';
import type { StreamLink } from './stream-link.js';

/** How long a pull waits for messages, in milliseconds. */
const PULL_MS = 10_000;

/** A message that nobody has spoken of for so long is delivered again, in milliseconds. */
const ACK_WAIT_MS = 30_000;

/** The messages of a JetStream stream, for one worker. */
export class StreamFeed implements UsageFeed {
  holdEveryMs = ACK_WAIT_MS / 3;
  readonly #link: StreamLink;
  readonly #name: string;
  #consumer: Consumer | null = null;
  #messages: ConsumerMessages | null = null;
  #hasStopped = false;

  /** @param name - of the consumer that a group of workers shares */
  constructor(link: StreamLink, name: string) {
    this.#link = link;
    this.#name = name;
  }

  async *pull(most: number): AsyncGenerator<UsageMessage> {
    try {
      // Asked for again after each failure, as it may have been deleted.
      this.#consumer ??= await this.#openConsumer();
      if (this.#hasStopped) return;
      this.#messages = await this.#consumer.fetch({ max_messages: most, expires: PULL_MS });
      for await (const message of this.#messages) yield await unpack(message);
    } catch (error) {
      this.#consumer = null;
      throw streamError(error, `The stream '${this.#link.stream}' cannot be read`);
    } finally {
      this.#messages = null;
    }
  }

  async #openConsumer(): Promise<Consumer> {
    const consumer = await this.#link.consumer(this.#name, ACK_WAIT_MS);
    const { config } = await consumer.info(true);
    // Somebody may have made it with a time of their own, in nanoseconds.
    this.holdEveryMs = (config.ack_wait ?? 0) / 1e6 / 3 || this.holdEveryMs;
    return consumer;
  }

  stop(): void {
    this.#hasStopped = true;
    void this.#messages?.close();
  }

  deadLetter(data: Uint8Array, reason: DeadLetterReason): Promise<void> {
    return this.#link.publishDead(data, reason);
  }

  async close(): Promise<void> {
    this.stop();
    await this.#link.flush();
  }
}

async function unpack(message: JsMsg): Promise<UsageMessage> {
  const { data, info, redelivered } = message;
  return {
    ...(await unpackRecords(data)),
    data,
    bytes: data.length,
    isRedelivered: redelivered,
    waiting: info.pending,
    acknowledge: () => message.ack(),
    giveBack: () => message.nak(),
    hold: () => message.working(),
  };
}
