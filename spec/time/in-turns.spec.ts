import { expect } from 'chai';
import { groupedInTurns, mappedInTurns } from '../../src/time/in-turns.js';
import { caught } from '../support/caught.js';

/** Holds the event loop for longer than a turn may take. */
function work<Thing>(thing: Thing): Thing {
  for (const endMs = performance.now() + 1; performance.now() < endMs;);
  return thing;
}

describe('time/in-turns', () => {
  const things = Array.from({ length: 30 }, (_, index) => index);

  it('makes something of each in order, and lets others run in between', async () => {
    let turns = 0;
    const count = setInterval(() => (turns += 1), 0);
    expect(await mappedInTurns(things, work)).to.deep.equal(things);
    clearInterval(count);
    expect(turns).to.be.above(0);
  });

  it('ends where the signal is aborted', async () => {
    const abort = new AbortController();
    let made = 0;
    const make = (): void => {
      work((made += 1));
      abort.abort(new Error('enough'));
    };
    expect(await caught(mappedInTurns(things, make, abort.signal))).to.have.property('message', 'enough');
    expect(made).to.be.below(things.length);
  });

  it('groups by name, and leaves out what has none', async () => {
    const nameOf = (thing: number): string | null => (thing % 3 === 0 ? null : `rest ${thing % 3}`);
    const groups = await groupedInTurns([1, 2, 3, 4], nameOf);
    expect([...groups]).to.deep.equal([
      ['rest 1', [1, 4]],
      ['rest 2', [2]],
    ]);
  });
});
