import { unpackRecords } from '../../src/backends/jetstream/messages.js';
import type {
  DeadLetterReason,
  UsageFeed,
  UsageMessage,
  UsageSource,
} from '../../src/storage/usage-source.js';

/** What became of a message: one that is put off waits, and is not handed out. */
type Fate = 'waiting' | 'put off' | 'held' | 'acknowledged';

/** A stream in memory, which does what is asked of a source and fails when it is told to. */
export class ListedSource implements UsageSource, UsageFeed {
  readonly name = 'listed';
  holdEveryMs = 1000;
  maxMessageBytes = 1_048_576;
  readonly letters: { data: string; reason: DeadLetterReason }[] = [];
  readonly holds: number[] = [];
  /** How long each message that was put off is, in milliseconds. */
  readonly delays: number[] = [];
  isAway = false;
  /** Letters that it takes in all; others are refused. */
  letterRoom = Infinity;
  /** Letters hang until this has come; null for not at all. */
  letterGate: Promise<unknown> | null = null;
  isClosed = false;
  /** How many messages each pull was for, at most. */
  readonly pulls: number[] = [];
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

  async waiting(): Promise<number> {
    if (this.isAway) throw new Error('the stream is away');
    return this.count('waiting');
  }

  async *pull(most: number): AsyncGenerator<UsageMessage> {
    this.pulls.push(most);
    if (this.isAway) throw new Error('the stream is away');
    if (this.count('waiting') === 0 && !this.#hasStopped)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    for (const message of this.#messages.filter(({ fate }) => fate === 'waiting').slice(0, most)) {
      message.fate = 'held';
      message.deliveries += 1;
      const { records, damaged } = await unpackRecords(message.data);
      yield {
        records,
        damaged,
        id: String(this.#messages.indexOf(message)),
        damagedData: damaged > 0 ? message.data : null,
        bytes: this.messageBytes ?? message.data.length,
        deliveries: message.deliveries,
        waiting: this.count('waiting'),
        acknowledge: () => void (message.fate = 'acknowledged'),
        giveBack: (afterMs = 0) => {
          message.fate = afterMs > 0 ? 'put off' : 'waiting';
          if (afterMs > 0) this.delays.push(afterMs);
        },
        hold: () => void this.holds.push(message.data.length),
      };
    }
  }

  /** Ends a pull that has waited for long enough. */
  endPull(): void {
    this.#wake();
  }

  /** Hands out again what was put off. */
  returnPutOff(): void {
    for (const message of this.#messages) if (message.fate === 'put off') message.fate = 'waiting';
    this.#wake();
  }

  stop(): void {
    this.#hasStopped = true;
    this.#wake();
  }

  async deadLetter(data: Uint8Array, reason: DeadLetterReason): Promise<void> {
    await this.letterGate;
    if (this.letters.length >= this.letterRoom) throw new Error('no letters now');
    this.letters.push({ data: Buffer.from(data).toString(), reason });
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}
