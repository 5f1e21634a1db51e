import { expect } from 'chai';
import * as fc from 'fast-check';
import { TooLate } from '../../src/dashboard/in-time.js';
import { Crowded, Turnstile } from '../../src/dashboard/turnstile.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { caught } from '../support/caught.js';

const AT_ONCE = 2;
const TIMEOUT_MS = 30_000;

describe('The turnstile', () => {
  let clock: ManualClock;
  let turnstile: Turnstile<string>;
  /** Work that has begun and is not over, by its name. */
  let underWay: Map<string, PromiseWithResolvers<string>>;
  let begun: string[];

  beforeEach(() => {
    clock = new ManualClock();
    turnstile = new Turnstile(clock, AT_ONCE, TIMEOUT_MS);
    underWay = new Map();
    begun = [];
  });

  const pass = (name: string): Promise<string> =>
    turnstile.pass(name, () => {
      const work = Promise.withResolvers<string>();
      begun.push(name);
      underWay.set(name, work);
      return work.promise.finally(() => underWay.delete(name));
    });

  /** Lets promises run on. */
  const settle = (): Promise<void> => clock.advance(0);

  it('lets in so much at a time, and the others in the order in which they came', async () => {
    const all = ['a', 'b', 'c', 'd'].map(pass);
    await settle();
    expect(begun).to.deep.equal(['a', 'b']);
    underWay.get('b')?.resolve('made b');
    await settle();
    expect(begun).to.deep.equal(['a', 'b', 'c']);
    for (const name of ['a', 'c', 'd']) {
      underWay.get(name)?.resolve(`made ${name}`);
      await settle();
    }
    expect(await Promise.all(all)).to.deep.equal(['made a', 'made b', 'made c', 'made d']);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('has work of one name done once, also while it waits, and anew when it is over', async () => {
    const all = ['a', 'b', 'c', 'a', 'c', 'c'].map(pass);
    await settle();
    for (const name of ['a', 'b', 'c']) {
      underWay.get(name)?.resolve(name);
      await settle();
    }
    expect(await Promise.all(all)).to.deep.equal(['a', 'b', 'c', 'a', 'c', 'c']);
    expect(begun).to.deep.equal(['a', 'b', 'c']);
    void pass('a');
    await settle();
    expect(begun).to.deep.equal(['a', 'b', 'c', 'a']);
  });

  it('gives up work that takes too long, and lets others in', async () => {
    const hung = [caught(pass('a')), caught(pass('b'))];
    await clock.advance(TIMEOUT_MS - 1);
    const next = pass('c');
    await settle();
    expect(begun).to.deep.equal(['a', 'b']);
    await clock.advance(1);
    for (const error of await Promise.all(hung)) expect(error).to.be.an.instanceOf(TooLate);
    expect(begun).to.deep.equal(['a', 'b', 'c']);
    underWay.get('c')?.resolve('c');
    expect(await next).to.equal('c');
    // What comes too late takes no place, and gives none back twice.
    for (const name of ['a', 'b']) underWay.get(name)?.resolve(name);
    void ['d', 'e', 'f'].map(pass);
    await settle();
    expect(begun.slice(3)).to.deep.equal(['d', 'e']);
  });

  it('sends those away who have waited too long, and does not begin their work', async () => {
    const hung = ['a', 'b'].map((name) => caught(pass(name)));
    await settle();
    const waiting = ['c', 'd', 'e', 'f'].map((name) => caught(pass(name)));
    await clock.advance(TIMEOUT_MS);
    // The places of the first two went to the next two.
    expect(begun).to.deep.equal(['a', 'b', 'c', 'd']);
    const [, , ...away] = waiting;
    for (const error of await Promise.all(away))
      expect(error)
        .to.be.an.instanceOf(Crowded)
        .and.have.property('message')
        .that.includes('waited too long');
    await Promise.all(hung);
    await clock.advance(TIMEOUT_MS);
    for (const error of await Promise.all(waiting.slice(0, 2))) expect(error).to.be.an.instanceOf(TooLate);
    expect(begun).to.deep.equal(['a', 'b', 'c', 'd']);
    void ['g', 'h'].map(pass);
    await settle();
    expect(begun.slice(4)).to.deep.equal(['g', 'h']);
  });

  it('lets a thousand wait, and no more', async () => {
    const names = Array.from({ length: AT_ONCE + 1000 }, (_, index) => String(index));
    const all = names.map(pass);
    const error = await caught(pass('one more'));
    expect(error).to.be.an.instanceOf(Crowded).and.have.property('message').that.includes('Too many pages');
    // One that is shared takes no place.
    const shared = pass('1001');
    for (const name of names) {
      underWay.get(name)?.resolve(name);
      await Promise.resolve();
      if (!underWay.has(String(Number(name) + 1))) await settle();
    }
    expect(await Promise.all(all)).to.deep.equal(names);
    expect(await shared).to.equal('1001');
  });

  for (const [how, work] of [
    ['rejects', () => Promise.reject(new Error('out of order'))],
    [
      'throws',
      () => {
        throw new Error('out of order');
      },
    ],
  ] as readonly [string, () => Promise<string>][]) {
    it(`has its place free again after work that ${how}, and no timer left`, async () => {
      for (let round = 0; round < AT_ONCE + 1; round += 1)
        expect(await caught(turnstile.pass('a', work))).to.have.property('message', 'out of order');
      void ['b', 'c'].map(pass);
      await settle();
      expect(begun).to.deep.equal(['b', 'c']);
      expect(clock.pendingTimers).to.equal(2);
    });
  }

  it('answers all, and never has too much under way, whatever the order', async () => {
    const step = fc.oneof(
      fc.record({ pass: fc.nat({ max: 5 }) }),
      fc.record({ end: fc.nat({ max: 5 }), fails: fc.boolean() }),
      fc.record({ waitMs: fc.constantFrom(1, TIMEOUT_MS / 2, TIMEOUT_MS) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        clock = new ManualClock();
        turnstile = new Turnstile(clock, AT_ONCE, TIMEOUT_MS);
        underWay = new Map();
        const given = new Set<string>();
        const all: Promise<unknown>[] = [];
        for (const one of steps) {
          if ('pass' in one) {
            const name = String(one.pass);
            all.push(
              pass(name).catch((error: unknown) => {
                if (error instanceof TooLate) given.add(name);
              }),
            );
          } else if ('end' in one) {
            const work = underWay.get(String(one.end));
            if (one.fails) work?.reject(new Error('out of order'));
            else work?.resolve('made');
          } else await clock.advance(one.waitMs);
          await settle();
          // Work that was given up goes on by itself.
          const counted = [...underWay.keys()].filter((name) => !given.has(name));
          expect(counted.length).to.be.at.most(AT_ONCE);
        }
        await clock.advance(2 * TIMEOUT_MS);
        await Promise.all(all);
        expect(clock.pendingTimers).to.equal(0);
      }),
    );
  });
});
