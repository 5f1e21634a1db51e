import { randomFillSync } from 'node:crypto';
import { type UUID, V7Generator } from 'uuidv7';

/** How far the clock may be set back before ids follow it, in milliseconds; until then they keep growing. */
const ROLLBACK_ALLOWANCE_MS = 10_000;

/** Random numbers drawn at once: asking for a few bytes costs as much as asking for a few thousand. */
const BUFFERED_NUMBERS = 1024;

const HEX_DIGITS = Buffer.from('0123456789abcdef', 'latin1');
const DASH = '-'.charCodeAt(0);

/** The last moment of a UUIDv7, in milliseconds since 1970 (RFC 9562, 5.7: 48 bits). */
const LAST_MS = 2 ** 48 - 1;

/**
 * The id before all that are made at a moment or later. A record's id is of the end of its request, and so never before its date.
 *
 * @param ms - in milliseconds since 1970-01-01T00:00:00Z, as an integer
 */
export function firstIdAt(ms: number): string {
  const digits = Math.min(Math.max(ms, 0), LAST_MS).toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-0000-0000-000000000000`;
}

/** The moment of an id, or of a bound that {@link firstIdAt} has made, in milliseconds since 1970; null if it is neither. */
export function momentOfId(id: string): number | null {
  const [, high = '', low = ''] =
    /^([\da-f]{8})-([\da-f]{4})-[07][\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/.exec(id) ?? [];
  return high === '' ? null : Number.parseInt(high + low, 16);
}

/**
 * Makes the ids of records: UUIDv7 (RFC 9562), growing within one process also when several are made in one
 * millisecond.
 */
export class RecordIds {
  readonly #generator = new V7Generator(new RandomNumbers());
  readonly #characters: number[] = Array.from({ length: 36 }, () => DASH);

  /** @param nowMs - the time of day, in milliseconds since 1970-01-01T00:00:00Z; fractions are ignored */
  next(nowMs: number): string {
    return this.#format(this.#generator.generateOrResetCore(Math.trunc(nowMs), ROLLBACK_ALLOWANCE_MS));
  }

  /** Writes an id as one flat string. `UUID.toString` makes a chain of 36, which a queue would keep alive. */
  #format({ bytes }: UUID): string {
    let end = 0;
    for (let index = 0; index < bytes.length; index += 1) {
      const byte = bytes[index] as number;
      if (index === 4 || index === 6 || index === 8 || index === 10) end += 1;
      this.#characters[end] = HEX_DIGITS[byte >> 4] as number;
      this.#characters[end + 1] = HEX_DIGITS[byte & 15] as number;
      end += 2;
    }
    return String.fromCharCode(...this.#characters);
  }
}

/** Strong random numbers, drawn many at a time. */
class RandomNumbers {
  readonly #numbers = new Uint32Array(BUFFERED_NUMBERS);
  #next = BUFFERED_NUMBERS;

  nextUint32(): number {
    if (this.#next === BUFFERED_NUMBERS) {
      randomFillSync(this.#numbers);
      this.#next = 0;
    }
    const number = this.#numbers[this.#next] as number;
    this.#next += 1;
    return number;
  }
}
