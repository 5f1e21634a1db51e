import { unpackRecords } from '../../src/backends/jetstream/messages.js';
import type {
  DeadLetterReason,
  UsageFeed,
  UsageMessage,
  UsageSource,
} from '../../src/storage/usage-source.js';

/** What became of a message. */
type Fate = 'waiting' | 'held' | 'acknowledged';

/** A stream in memory, which does what is asked of a source and fails when it is told to. */
export class ListedSource implements UsageSource, UsageFeed {
  readonly name = 'listed';
  readonly holdEveryMs = 1000;
  readonly letters: { data: string; reason: DeadLetterReason }[] = [];
  readonly holds: number[] = [];
  isAway = false;
  refusesLetters = false;
  isClosed = false;
  /** What each message is said to take; null for what it takes. */
  messageBytes: number | null = null;
  readonly #messages: { data: Uint8Array; fate: Fate; deliveries: number }[] = [];
  #hasStopped = false;
  #wake: () => void = () => {};

  feed(): UsageFeed {
    return this;
  }

  /** Puts a message into the stream. */
  publish(data: Uint8Array): void {
    this.#messages.push({ data, fate: 'waiting', deliveries: 0 });
    this.#wake();
  }

  /** How often messages were handed out. */
  get deliveries(): number {
    return this.#messages.reduce((sum, message) => sum + message.deliveries, 0);
  }

  /** How many messages have a fate. */
  count(fate: Fate): number {
    return this.#messages.filter((message) => message.fate === fate).length;
  }

  async *pull(most: number): AsyncGenerator<UsageMessage> {
    if (this.isAway) throw new Error('the stream is away');
    if (this.count('waiting') === 0 && !this.#hasStopped)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    for (const message of this.#messages.filter(({ fate }) => fate === 'waiting').slice(0, most)) {
      message.fate = 'held';
      message.deliveries += 1;
      yield {
        ...(await unpackRecords(message.data)),
        data: message.data,
        bytes: this.messageBytes ?? message.data.length,
        isRedelivered: message.deliveries > 1,
        waiting: this.count('waiting'),
        acknowledge: () => void (message.fate = 'acknowledged'),
        giveBack: () => void (message.fate = 'waiting'),
        hold: () => void this.holds.push(message.data.length),
      };
    }
  }

  stop(): void {
    this.#hasStopped = true;
    this.#wake();
  }

  async deadLetter(data: Uint8Array, reason: DeadLetterReason): Promise<void> {
    if (this.refusesLetters) throw new Error('no letters now');
    this.letters.push({ data: Buffer.from(data).toString(), reason });
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}
