import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import Koa from 'koa';
import { Get, JsonController, useKoaServer } from 'routing-controllers';
import { knownApplications } from '../../../src/capture/attribution/known-actions.js';
import { TrackedController, type TrackUsageOptions, UntrackedController } from '../../../src/index.js';
import { type Served, serve } from '../../support/serve.js';

/** A controller as a minifier leaves it, which gives several one name. */
function minified(route: string, ...decorators: readonly ClassDecorator[]): Function {
  const { e } = {
    e: class {
      list() {
        return [];
      }
    },
  };
  Get('/')(e.prototype, 'list');
  JsonController(route)(e);
  for (const decorate of decorators) decorate(e);
  return e;
}

const tracked = TrackedController();
const untracked = UntrackedController();
const named = (name: string): ClassDecorator => TrackedController({ name });

describe('Two controllers of one name', () => {
  let served: Served;
  const lines: string[] = [];

  afterEach(async () => {
    await served.close();
    lines.length = 0;
  });

  async function start(controllers: Function[], tracker: TrackUsageOptions = {}): Promise<void> {
    const log = (line: string): void => void lines.push(line);
    served = await serve({ controllers, tracker: { logger: { warn: log, error: log }, ...tracker } });
  }

  async function ask(...paths: readonly string[]): Promise<void> {
    for (const path of paths) await (await fetch(served.origin + path)).text();
    await served.records();
  }

  for (const paths of [['/one'], ['/two'], ['/one', '/two', '/one']]) {
    it(`are told of, once, when ${paths.join(', ')} is asked for`, async () => {
      await start([minified('/one', tracked), minified('/two', tracked)]);
      await ask(...paths);
      expect(lines).to.have.lengthOf(1);
      expect(lines[0])
        .to.contain("two controllers are called 'e'")
        .and.to.contain('keep_classnames')
        .and.to.contain('--keep-names')
        .and.to.contain('TrackedController({ name:');
    });
  }

  it('are told of where a decorator gives one of them the name of the other', async () => {
    await start([minified('/one', tracked), minified('/two', named('e'))]);
    await ask('/one', '/two');
    expect(lines).to.have.lengthOf(1);
  });

  it('are told of where the default policy tracks them', async () => {
    await start([minified('/one'), minified('/two')], { defaultPolicy: 'include' });
    await ask('/two');
    expect(lines).to.have.lengthOf(1);
  });

  for (const [what, controllers] of [
    ['one of them has a name of its own', () => [minified('/one', tracked), minified('/two', named('two'))]],
    ['decorators give both that name', () => [minified('/one', named('e')), minified('/two', named('e'))]],
    ['one of them is not tracked', () => [minified('/one', tracked), minified('/two')]],
    ['one of them is untracked', () => [minified('/one', tracked), minified('/two', untracked)]],
    ['there is but one', () => [minified('/one', tracked)]],
  ] as const) {
    it(`are nobody's concern where ${what}`, async () => {
      await start(controllers());
      await ask('/one');
      expect(lines).to.deep.equal([]);
    });
  }

  it('are taken for one that was loaded anew where each is on an application of its own', async () => {
    useKoaServer(new Koa(), { controllers: [minified('/one', tracked)] });
    await start([minified('/one', tracked)]);
    await ask('/one');
    expect(lines).to.deep.equal([]);
  });
});

describe('The known actions', () => {
  it('go with their application', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const controllers = [minified('/reloaded', tracked)];
    const reload = (): void => void useKoaServer(new Koa(), { controllers });
    const isReloaded = ({ actions }: ReturnType<typeof knownApplications>[number]): boolean =>
      actions.some(({ attribution }) => attribution.route === '/reloaded');
    for (let round = 0; round < 50; round += 1) reload();
    expect(knownApplications().filter(isReloaded)).to.have.lengthOf(50);
    // What was looked at stays until the end of its turn.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    await new Promise((resolve) => setImmediate(resolve));
    expect(knownApplications().filter(isReloaded)).to.have.length.below(5);
  });
});
