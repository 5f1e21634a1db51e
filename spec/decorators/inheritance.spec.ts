import { expect } from 'chai';
import { Get, JsonController } from 'routing-controllers';
import { Tracked, TrackedController, Untracked, UntrackedController } from '../../src/index.js';
import { askRecord, trackedOnes } from '../support/ask.js';
import { type Served, serve } from '../support/serve.js';

abstract class Base {
  @Tracked()
  @Get('/tracked')
  tracked() {
    return 'tracked';
  }

  @Untracked()
  @Get('/untracked')
  untracked() {
    return 'untracked';
  }

  @Get('/plain')
  plain() {
    return 'plain';
  }
}

@JsonController('/child')
class Child extends Base {}

@JsonController('/overrides')
class Overriding extends Base {
  override tracked() {
    return 'overridden';
  }

  @Get('/untracked')
  override untracked() {
    return 'overridden';
  }
}

@JsonController('/reverses')
class Reversing extends Base {
  @Untracked()
  @Get('/tracked')
  override tracked() {
    return 'reversed';
  }

  @Tracked()
  override untracked() {
    return 'reversed';
  }
}

@JsonController('/grandchild')
class Grandchild extends Reversing {}

@TrackedController()
@JsonController('/family')
class TrackedFamily extends Base {}

@JsonController('/family/heir')
class Heir extends TrackedFamily {}

@UntrackedController()
@JsonController('/family/rebel')
class Rebel extends TrackedFamily {}

@JsonController('/family/rebel/heir')
class RebelHeir extends Rebel {}

abstract class Addressed {
  @Tracked({ ip: 'full' })
  @Get('/full')
  full() {
    return 'full';
  }

  @Tracked()
  @Get('/silent')
  silent() {
    return 'silent';
  }
}

@TrackedController({ ip: 'none' })
@JsonController('/discreet')
class Discreet extends Addressed {}

@TrackedController({ ip: 'none' })
@JsonController('/discreet/throughout')
class DiscreetThroughout extends Addressed {
  @Tracked({ ip: 'none' })
  override full() {
    return super.full();
  }
}

const CONTROLLERS = [
  DiscreetThroughout,
  Discreet,
  Child,
  Overriding,
  Reversing,
  Grandchild,
  RebelHeir,
  Rebel,
  Heir,
  TrackedFamily,
];

function below(prefix: string): string[] {
  return [`${prefix}/tracked`, `${prefix}/untracked`, `${prefix}/plain`];
}

describe('a subclass of a decorated controller', () => {
  let excluding: Served;
  let including: Served;
  before(async () => {
    excluding = await serve({ controllers: CONTROLLERS });
    including = await serve({ controllers: CONTROLLERS, tracker: { defaultPolicy: 'include' } });
  });
  after(async () => {
    await excluding.close();
    await including.close();
  });

  it("inherits what its parent's methods say", async () => {
    expect(await trackedOnes(excluding, below('/child'))).to.deep.equal(['/child/tracked']);
    expect(await trackedOnes(including, below('/child'))).to.deep.equal(['/child/tracked', '/child/plain']);
  });

  it('inherits it for methods that it overrides, with and without a route of their own', async () => {
    expect(await trackedOnes(excluding, below('/overrides'))).to.deep.equal(['/overrides/tracked']);
    expect(await trackedOnes(including, below('/overrides'))).to.deep.equal([
      '/overrides/tracked',
      '/overrides/plain',
    ]);
  });

  it('may say the opposite on a method that it overrides', async () => {
    expect(await trackedOnes(excluding, below('/reverses'))).to.deep.equal(['/reverses/untracked']);
    expect(await trackedOnes(including, below('/reverses'))).to.deep.equal([
      '/reverses/untracked',
      '/reverses/plain',
    ]);
  });

  it('inherits from the nearest class of its chain', async () => {
    expect(await trackedOnes(excluding, below('/grandchild'))).to.deep.equal(['/grandchild/untracked']);
  });

  it("inherits what is said of its parent's class, below what is said of the method", async () => {
    for (const prefix of ['/family', '/family/heir']) {
      expect(await trackedOnes(excluding, below(prefix))).to.deep.equal([
        `${prefix}/tracked`,
        `${prefix}/plain`,
      ]);
    }
  });

  it('may say the opposite of its parent class, for itself and its own subclasses', async () => {
    for (const prefix of ['/family/rebel', '/family/rebel/heir']) {
      expect(await trackedOnes(including, below(prefix))).to.deep.equal([`${prefix}/tracked`]);
    }
  });

  it("keeps of addresses what its parent's method says, whatever its own class says, unless it says so again", async () => {
    const kept: Record<string, string | null> = {};
    for (const path of ['/discreet/full', '/discreet/silent', '/discreet/throughout/full']) {
      kept[path] = (await askRecord(excluding, path)).record.remoteAddr;
    }
    expect(kept).to.deep.equal({
      '/discreet/full': '127.0.0.1',
      '/discreet/silent': null,
      '/discreet/throughout/full': null,
    });
    const { actions } = excluding.usage.tracker.inventory();
    const shown = actions.filter(({ route }) => route in kept).map(({ route, ip }) => [route, ip]);
    expect(new Map(shown as [string, string][])).to.deep.equal(
      new Map([
        ['/discreet/full', 'full'],
        ['/discreet/silent', 'none'],
        ['/discreet/throughout/full', 'none'],
      ]),
    );
  });

  it('is the controller of its records, not its parent', async () => {
    expect((await askRecord(excluding, '/family/heir/plain')).record).to.include({
      controller: 'Heir',
      action: 'plain',
      route: '/family/heir/plain',
    });
    expect((await askRecord(excluding, '/overrides/tracked')).record).to.include({
      controller: 'Overriding',
      action: 'tracked',
      route: '/overrides/tracked',
    });
  });
});
