import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { callIn, inOwnContext, keepContext } from '../../src/time/own-context.js';

const requests = new AsyncLocalStorage<string>();
const current = (): string => requests.getStore() ?? 'none';

describe('A context that was kept', () => {
  it('is what functions are called in, with all that they begin', async () => {
    const context = requests.run('first', keepContext);
    const later = async (): Promise<string[]> => {
      const atOnce = current();
      await nextTurn();
      return [atOnce, current()];
    };
    expect(await requests.run('second', () => callIn(context, later))).to.deep.equal(['first', 'first']);
    expect(requests.run('second', () => callIn(null, current))).to.equal('second');
  });

  it('hands on what the function is given, returns and throws', () => {
    const context = keepContext();
    expect(callIn(context, (one: number, other: number) => one - other, 5, 3)).to.equal(2);
    expect(() => callIn(context, () => expect.fail('thrown'))).to.throw('thrown');
  });
});

describe("The library's own context", () => {
  it('is that of no request, for all that begins there', async () => {
    const seen: string[] = [];
    await requests.run('request', async () => {
      inOwnContext(setImmediate, () => seen.push(current()));
      inOwnContext(setTimeout, () => seen.push(current()), 1);
      await inOwnContext(async () => {
        seen.push(current());
        await nextTurn();
        seen.push(current());
      });
      expect(current()).to.equal('request');
    });
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(seen).to.deep.equal(['none', 'none', 'none', 'none']);
  });
});
