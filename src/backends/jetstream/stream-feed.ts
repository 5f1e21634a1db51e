import { setImmediate } from 'node:timers/promises';
import type { PermissionViolationError } from '@nats-io/transport-node';
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { TrackUsageError } from '../../errors.js';
import type { DeadLetterReason, UsageFeed, UsageMessage } from '../../storage/usage-source.js';
import { systemClock } from '../../time/clock.js';
import { Waiters } from '../../time/waiters.js';
import { within } from '../../time/within.js';
import { isDeniedAck, streamError } from './errors.js';
import { unpackRecords } from './messages.js';
import type { StreamLink } from './stream-link.js';
import { PULL_MS } from './stream-settings.js';

/** A message that nobody has spoken of for so long is delivered again, in milliseconds. */
const ACK_WAIT_MS = 30_000;

/** The messages of a JetStream stream, for one worker. */
export class StreamFeed implements UsageFeed {
  holdEveryMs = ACK_WAIT_MS / 3;
  readonly #link: StreamLink;
  readonly #name: string;
  /** Null where it has to be asked for: it may have been deleted. */
  #consumer: Consumer | null = null;
  #messages: ConsumerMessages | null = null;
  /** Whether no server is reached: what the client is given to send is lost until one is. */
  #isAway = false;
  readonly #returns = new Waiters();
  /** What the server has said last of an acknowledgement that the user may not send. */
  #denied: PermissionViolationError | null = null;
  #hasStopped = false;

  /** @param name - of the consumer that a group of workers shares */
  constructor(link: StreamLink, name: string) {
    this.#link = link;
    this.#name = name;
    void this.#watch();
  }

  get maxMessageBytes(): number {
    return this.#link.maxBytes;
  }

  async *pull(most: number): AsyncGenerator<UsageMessage> {
    try {
      if (this.#isAway && !(await within(systemClock, PULL_MS, this.#returns.wait(1))))
        throw new Error('no server can be reached');
      const consumer = (this.#consumer ??= await this.#openConsumer());
      await this.#refuseWithoutRight();
      if (this.#hasStopped) return;
      this.#messages = await consumer.fetch({ max_messages: most, expires: PULL_MS });
      for await (const message of this.#messages) yield await unpack(message);
      if (this.#consumer === null) throw new Error('the connection to the server was lost');
    } catch (error) {
      this.#consumer = null;
      throw streamError(error, `The stream '${this.#link.stream}' cannot be read`);
    } finally {
      this.#messages = null;
    }
  }

  /** The client waits for a server that is away for as long as it takes, and tells nobody; nor are acknowledgements answered. */
  async #watch(): Promise<void> {
    for await (const status of this.#link.status()) {
      if (status.type === 'reconnect') {
        this.#isAway = false;
        this.#returns.release(1);
      } else if (status.type === 'disconnect') {
        this.#isAway = true;
        this.#consumer = null;
        void this.#messages?.close();
      } else if (status.type === 'error' && isDeniedAck(status.error)) {
        this.#denied = status.error;
        void this.#messages?.close();
      }
    }
  }

  /** Tries once more what the user was not allowed, as messages that nobody can acknowledge would be stored again for ever. */
  async #refuseWithoutRight(): Promise<void> {
    const denied = this.#denied;
    if (denied === null) return;
    this.#denied = null;
    this.#link.sayHeld(denied.subject);
    await this.#link.flush();
    // What the server has said before its answer is told of in the next turn.
    await setImmediate();
    if (this.#denied !== null) throw this.#denied;
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
    this.#returns.release(1);
    void this.#messages?.close();
  }

  async waiting(): Promise<number> {
    const consumer = (this.#consumer ??= await this.#openConsumer());
    return (await consumer.info()).num_pending;
  }

  async deadLetter(data: Uint8Array, reason: DeadLetterReason): Promise<void> {
    for (let bytes = data.length; ; bytes = Math.floor((bytes * 7) / 8)) {
      try {
        return await this.#link.publishDead(data.subarray(0, bytes), reason, data.length);
      } catch (error) {
        // The server takes less than it did when the message came, or the reason leaves no room for it.
        if (bytes === 0 || (error as TrackUsageError).code !== 'BATCH_REFUSED') throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.stop();
    await this.#link.flush();
  }
}

async function unpack(message: JsMsg): Promise<UsageMessage> {
  const { data, info } = message;
  const { records, damaged } = await unpackRecords(data);
  return {
    id: String(message.seq),
    records,
    damaged,
    damagedData: damaged > 0 ? data : null,
    bytes: data.length,
    deliveries: info.deliveryCount,
    waiting: info.pending,
    acknowledge: () => message.ack(),
    giveBack: (afterMs) => message.nak(afterMs),
    hold: () => message.working(),
  };
}
