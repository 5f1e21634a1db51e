import { expect } from 'chai';
import { Get, JsonController } from 'routing-controllers';
import { Deprecated, type DeprecationOptions, Tracked, TrackedController } from '../../src/index.js';
import { type ClassType, findDecisions } from '../../src/metadata/registry.js';
import { readAnnouncement } from '../support/announcements.js';
import { refusalOf } from '../support/refusal.js';
import { serve } from '../support/serve.js';

const SINCE = '2026-01-01T00:00:00.000Z';
const NO_MORE = { sunset: null, replacement: null, link: null };

/** What is said of an action, within the registry. */
function saidOf(controller: ClassType, method = 'list'): unknown {
  return findDecisions(controller, method).deprecation;
}

/** Decorates a method, or a class that has it, with the same options or with several. */
function decorate(...options: unknown[]): void {
  class OrderController {
    list() {
      return [];
    }
  }
  for (const each of options) Deprecated(each as DeprecationOptions)(OrderController.prototype, 'list', {});
}

describe('@Deprecated', () => {
  it('says of an action since when, until when, what replaces it and where to read more', () => {
    class Orders {
      @Deprecated({
        since: '2026-01-01',
        sunset: '2026-12-31T12:00:00+02:00',
        replacement: '/v2',
        link: '/news',
      })
      list() {
        return [];
      }
      other() {
        return [];
      }
    }
    expect(saidOf(Orders)).to.deep.equal({
      since: SINCE,
      sunset: '2026-12-31T10:00:00.000Z',
      replacement: '/v2',
      link: '/news',
    });
    expect(saidOf(Orders, 'other')).to.equal(null);
    expect(findDecisions(Orders, 'list')).to.include({ methodDecision: null, controllerDecision: null });
  });

  it('takes dates as they are when the class is defined', () => {
    const since = new Date(SINCE);
    @Deprecated({ since })
    class Orders {}
    since.setUTCFullYear(1999);
    expect(saidOf(Orders)).to.deep.equal({ since: SINCE, ...NO_MORE });
  });

  it('stands above and below what routes and tracks, on methods and on classes', async () => {
    @Deprecated({ since: '2026-01-01' })
    @TrackedController()
    @JsonController('/above')
    class Above {
      @Deprecated({ since: '2025-01-01' })
      @Tracked()
      @Get('/one')
      one() {
        return {};
      }
    }
    @JsonController('/below')
    @TrackedController()
    @Deprecated({ since: '2026-01-01' })
    class Below {
      @Get('/one')
      @Tracked()
      @Deprecated({ since: '2025-01-01' })
      one() {
        return {};
      }

      @Get('/two')
      two() {
        return {};
      }
    }
    const served = await serve({ controllers: [Above, Below] });
    const found: unknown[] = [];
    for (const path of ['/above/one', '/below/one', '/below/two'])
      found.push(readAnnouncement((await fetch(served.origin + path)).headers)?.since.slice(0, 4));
    const records = await served.records();
    await served.close();
    expect(found).to.deep.equal(['2025', '2025', '2026']);
    expect(records).to.have.lengthOf(3);
  });

  it('of method and class is merged: the earliest dates, and the links of the method before those of the class', () => {
    @Deprecated({ since: '2026-01-01', sunset: '2027-01-01', replacement: '/class', link: '/class/news' })
    class Orders {
      @Deprecated({ since: '2025-01-01', sunset: '2027-06-01', replacement: '/method' })
      older() {
        return [];
      }
      @Deprecated({ since: '2026-06-01', sunset: '2026-12-01', link: '/method/news' })
      list() {
        return [];
      }
    }
    expect(saidOf(Orders, 'older')).to.deep.equal({
      since: '2025-01-01T00:00:00.000Z',
      sunset: '2027-01-01T00:00:00.000Z',
      replacement: '/method',
      link: '/class/news',
    });
    expect(saidOf(Orders)).to.deep.equal({
      since: SINCE,
      sunset: '2026-12-01T00:00:00.000Z',
      replacement: '/class',
      link: '/method/news',
    });
  });

  it('is inherited, by methods and by classes; the nearest says all of it', () => {
    @Deprecated({ since: '2026-01-01', sunset: '2026-12-31' })
    class Parent {
      @Deprecated({ since: '2026-01-01', replacement: '/v2' })
      list() {
        return [];
      }
    }
    class Child extends Parent {
      override list() {
        return [];
      }
    }
    @Deprecated({ since: '2028-01-01' })
    class Later extends Parent {
      @Deprecated({ since: '2028-01-01' })
      override list() {
        return [];
      }
    }
    @TrackedController()
    class Grandchild extends Later {}
    expect(saidOf(Child)).to.deep.equal(saidOf(Parent));
    expect(saidOf(Child, 'other')).to.deep.equal({
      ...NO_MORE,
      since: SINCE,
      sunset: '2026-12-31T00:00:00.000Z',
    });
    for (const type of [Later, Grandchild])
      expect(saidOf(type)).to.deep.equal({ since: '2028-01-01T00:00:00.000Z', ...NO_MORE });
  });

  it('leaves alone what a parent says of tracking', () => {
    @TrackedController({ ip: 'none' })
    class Parent {
      @Tracked({ keep: 'for the auditor' })
      list() {
        return [];
      }
    }
    @Deprecated({ since: '2026-01-01' })
    class Child extends Parent {
      @Deprecated({ since: '2026-01-01' })
      override list() {
        return [];
      }
    }
    expect(findDecisions(Child, 'list')).to.deep.include({
      methodDecision: 'tracked',
      controllerDecision: 'tracked',
    });
    expect(findDecisions(Child, 'list').data).to.include({ ip: 'none', keep: 'for the auditor' });
  });

  it('may stand twice on one target, where the options add up', () => {
    @Deprecated({ since: '2026-01-01', replacement: '/v2' })
    @Deprecated({ since: new Date(SINCE), link: '/news' })
    class Orders {}
    expect(saidOf(Orders)).to.deep.equal({ since: SINCE, sunset: null, replacement: '/v2', link: '/news' });
  });
});

describe('@Deprecated refuses, when the class is defined,', () => {
  const since = '2026-01-01';
  const options: [options: unknown, message: string][] = [
    [undefined, "the option 'options' is undefined; expected an object"],
    [{}, "the option 'since' is undefined; expected a valid Date, or ISO 8601 text"],
    [{ since: true }, "the option 'since' is true; expected a valid Date"],
    [{ since: '31.01.2026' }, "the option 'since' is '31.01.2026'; expected a valid Date"],
    [{ since: '2026-02-30' }, "the option 'since' is '2026-02-30'; expected a valid Date"],
    [{ since: '2026-01-01T12:00' }, "the option 'since' is '2026-01-01T12:00'; expected a valid Date"],
    [{ since: new Date(NaN) }, "the option 'since' is Invalid Date; expected a valid Date"],
    [{ since: '1969-12-31' }, "the option 'since' is '1969-12-31'; expected a valid Date"],
    [{ since: new Date(8e15) }, "the option 'since' is +255479-"],
    [{ since, sunset: null }, "the option 'sunset' is null; expected a valid Date"],
    [
      { since, sunset: '2025-12-31' },
      "the option 'sunset' is '2025-12-31'; expected a date that is not before 'since', 2026-01-01T00",
    ],
    [{ since, until: '2026-12-31' }, "there is no option 'until'"],
    ...(
      [
        ['', "''"],
        ['</v2>', "'</v2>'"],
        ['/v2"', `'/v2"'`],
        ['/v2\r\nX: y', String.raw`'/v2\r\nX: y'`],
        ['/v2 new', "'/v2 new'"],
        ['/v2/{id}', "'/v2/{id}'"],
        ['/ü', "'/ü'"],
        ['/%zz', "'/%zz'"],
        ['http://[', "'http://…'"],
        [7, '7'],
      ] as const
    ).map(([replacement, shown]): [object, string] => [
      { since, replacement },
      `the option 'replacement' is ${shown}; expected a path or a URL`,
    ]),
    [{ since, link: '/v2>; rel="next' }, "the option 'link' is "],
  ];

  for (const [given, message] of options) {
    it(`${JSON.stringify(given) ?? 'no options'}, and names the method`, () => {
      const refusal = refusalOf(() => decorate(given));
      expect(refusal.code).to.equal('INVALID_OPTION');
      expect(refusal.message).to.include(`@Deprecated() of OrderController.list(): ${message}`);
    });
  }

  it('options of a class, and names the class', () => {
    const refusal = refusalOf(() => {
      @Deprecated({ since, sunset: '2025-12-31' })
      @JsonController('/orders')
      class OrderController {}
      return OrderController;
    });
    expect(refusal.message).to.include(
      "@Deprecated() of the class OrderController: the option 'sunset' is '2025-",
    );
  });

  it('two that contradict each other on one target', () => {
    const refusal = refusalOf(() =>
      decorate({ since, sunset: '2026-12-31' }, { since, sunset: '2027-12-31' }),
    );
    expect(refusal.code).to.equal('INVALID_DECORATION');
    expect(refusal.message).to.equal(
      "@Deprecated() stands twice on the method OrderController.list(), with the option 'sunset' as " +
        "'2026-12-31T00:00:00.000Z' and as '2027-12-31T00:00:00.000Z'. Remove one of the two.",
    );
    expect(() => decorate({ since }, { since, sunset: '2027-12-31' })).not.to.throw();
  });
});
