import { expect } from 'chai';
import * as fc from 'fast-check';
import { NumberReader, NumberWriter } from '../../src/summary/numbers.js';

function readBack(numbers: readonly number[]): number[] {
  const writer = new NumberWriter();
  writer.write(...numbers);
  const reader = new NumberReader(Uint8Array.from(writer.bytes));
  return numbers.map(() => reader.read());
}

describe('summary/numbers', () => {
  it('always gives integers back, negative ones as well', () => {
    const anyInteger = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 }));
    fc.assert(
      fc.property(fc.array(anyInteger), (numbers) => {
        expect(readBack(numbers)).to.deep.equal(numbers.map((number) => number + 0));
      }),
    );
  });

  it('takes sums of any size', () => {
    const numbers = [2 ** 53, 2 ** 60, -(2 ** 70), Number.MAX_VALUE];
    expect(readBack(numbers)).to.deep.equal(numbers);
    expect(readBack([Infinity])).to.deep.equal([Number.MAX_VALUE]);
  });

  it('takes a byte for a number below 128', () => {
    const writer = new NumberWriter();
    writer.write(0, 1, 127);
    expect(writer.bytes).to.deep.equal([0, 1, 127]);
  });

  it('gives text back that stands between numbers', () => {
    const writer = new NumberWriter();
    writer.write(7);
    writer.writeBytes([...Buffer.from('aé')]);
    writer.write(300);
    const reader = new NumberReader(Uint8Array.from(writer.bytes));
    expect([reader.read(), reader.readPart().readText(), reader.read()]).to.deep.equal([7, 'aé', 300]);
  });
});
