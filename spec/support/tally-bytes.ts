import { NumberReader, NumberWriter } from '../../src/summary/numbers.js';
import { Tally } from '../../src/summary/tally.js';

/** A tally as bytes, which are the same for tallies that tell the same. */
export function bytesOf(tally: Tally): readonly number[] {
  const numbers = new NumberWriter();
  tally.write(numbers, 0);
  return numbers.bytes;
}

/** A tally as it comes out of a row. */
export function copyOf(tally: Tally): Tally {
  return Tally.read(new NumberReader(Uint8Array.from(bytesOf(tally))), 0);
}
