import { expect } from 'chai';
import { Get, JsonController } from 'routing-controllers';
import { Deprecated, Tracked, TrackedController, Untracked, UntrackedController } from '../../src/index.js';
import { refusalOf } from '../support/refusal.js';

type AnyDecorator = (...args: unknown[]) => unknown;

function as(decorator: unknown): AnyDecorator {
  return decorator as AnyDecorator;
}

describe('a contradiction is refused when the class is defined', () => {
  it('on a method, whichever decorator comes first', () => {
    const upper = refusalOf(() => {
      @JsonController('/torn')
      class TornAction {
        @Tracked()
        @Get('/')
        @Untracked()
        list() {
          return [];
        }
      }
      return TornAction;
    });
    const lower = refusalOf(() => {
      class TornTheOtherWay {
        @Untracked()
        @Tracked()
        list() {
          return [];
        }
      }
      return TornTheOtherWay;
    });
    expect([upper.code, lower.code]).to.deep.equal(['INVALID_DECORATION', 'INVALID_DECORATION']);
    expect(upper.message).to.contain('TornAction.list()');
    expect(lower.message).to.contain('TornTheOtherWay.list()');
  });

  it('on a class, whichever decorator comes first', () => {
    const upper = refusalOf(() => {
      @TrackedController()
      @UntrackedController()
      class TornController {}
      return TornController;
    });
    const lower = refusalOf(() => {
      @UntrackedController()
      @JsonController('/torn')
      @TrackedController()
      class TornControllerToo {}
      return TornControllerToo;
    });
    expect([upper.code, lower.code]).to.deep.equal(['INVALID_DECORATION', 'INVALID_DECORATION']);
    expect(upper.message).to.contain('class TornController ');
    expect(lower.message).to.contain('class TornControllerToo ');
  });

  it('but not between a class and its method, nor between a class and its parent', () => {
    expect(() => {
      @TrackedController()
      class Parent {
        @Untracked()
        list() {
          return [];
        }
      }
      @UntrackedController()
      class Child extends Parent {
        @Tracked()
        override list() {
          return [];
        }
      }
      return Child;
    }).not.to.throw();
  });
});

describe('a decorator without its parentheses', () => {
  class Shop {
    sell() {
      return true;
    }
  }
  // What compilers hand to a decorator, which is checked by those alone that check types.
  const sell = [Shop.prototype, 'sell', Object.getOwnPropertyDescriptor(Shop.prototype, 'sell')];
  const bare: [string, () => unknown][] = [
    ['@Tracked()', () => as(Tracked)(...sell)],
    ['@Untracked()', () => as(Untracked)(...sell)],
    ['@TrackedController()', () => as(TrackedController)(Shop)],
    ['@UntrackedController()', () => as(UntrackedController)(Shop)],
    ['@Deprecated({ since })', () => as(Deprecated)(...sell)],
    ['@Deprecated({ since })', () => as(Deprecated)(Shop)],
  ];

  for (const [name, decorate] of bare) {
    it(`is refused when the class is defined, and told to be ${name}`, () => {
      const refusal = refusalOf(decorate);
      expect(refusal.code).to.equal('INVALID_DECORATION');
      expect(refusal.message).to.equal(
        `${name.replace(/\(.*/, '')} stands without its parentheses. Write ${name}.`,
      );
    });
  }
});

describe('a decorator on the wrong target', () => {
  const methods: [string, AnyDecorator][] = [
    ['@Tracked()', as(Tracked())],
    ['@Untracked()', as(Untracked())],
  ];
  const classes: [string, AnyDecorator][] = [
    ['@TrackedController()', as(TrackedController())],
    ['@UntrackedController()', as(UntrackedController())],
  ];
  class Shop {
    static open() {
      return true;
    }
    sell() {
      return true;
    }
  }

  for (const [name, decorator] of methods) {
    it(`${name} refuses a static method and names it`, () => {
      const refusal = refusalOf(() => decorator(Shop, 'open', Object.getOwnPropertyDescriptor(Shop, 'open')));
      expect(refusal.code).to.equal('INVALID_DECORATION');
      expect(refusal.message).to.contain(name).and.to.contain('static method Shop.open()');
    });

    it(`${name} refuses a class, and says what to write instead`, () => {
      const refusal = refusalOf(() => decorator(Shop));
      expect(refusal.code).to.equal('INVALID_DECORATION');
      expect(refusal.message).to.contain('the class Shop').and.to.contain(name.replace('()', 'Controller()'));
    });

    it(`${name} refuses to be called by hand on nothing`, () => {
      for (const target of [undefined, null, 7, 'Shop']) {
        expect(refusalOf(() => decorator(target, 'sell')).code).to.equal('INVALID_DECORATION');
      }
      expect(refusalOf(() => decorator(Shop.prototype)).code).to.equal('INVALID_DECORATION');
    });
  }

  for (const [name, decorator] of classes) {
    it(`${name} refuses a method, and says what to write instead`, () => {
      const refusal = refusalOf(() =>
        decorator(Shop.prototype, 'sell', Object.getOwnPropertyDescriptor(Shop.prototype, 'sell')),
      );
      expect(refusal.code).to.equal('INVALID_DECORATION');
      expect(refusal.message)
        .to.contain(name)
        .and.to.contain('the method sell()')
        .and.to.contain(name.replace('Controller()', '()'));
    });

    it(`${name} refuses a static method and a constructor's parameter`, () => {
      expect(refusalOf(() => decorator(Shop, 'open', {})).code).to.equal('INVALID_DECORATION');
      expect(refusalOf(() => decorator(Shop, undefined, 0)).code).to.equal('INVALID_DECORATION');
    });

    it(`${name} refuses what is no class`, () => {
      for (const target of [undefined, null, {}, 'Shop']) {
        expect(refusalOf(() => decorator(target)).code).to.equal('INVALID_DECORATION');
      }
    });
  }

  const deprecated = as(Deprecated({ since: '2026-01-01' }));

  for (const [name, where, ...target] of [
    ['a static method', 'the static method Shop.open()', Shop, 'open', {}],
    ["a constructor's parameter", 'the class Shop', Shop, undefined, 0],
    ['nothing', 'a value of type undefined', undefined, 'sell'],
    ['null', 'a value of type object', null, 'sell'],
    ['an object', 'a value of type object', {}],
  ] as const) {
    it(`@Deprecated() refuses ${name}`, () => {
      const refusal = refusalOf(() => deprecated(...target));
      expect(refusal.code).to.equal('INVALID_DECORATION');
      expect(refusal.message).to.equal(
        `@Deprecated() stands on ${where}. It belongs on a class or an instance method.`,
      );
    });
  }

  for (const [name, decorator] of [
    ...methods,
    ...classes,
    ['@Deprecated()', deprecated],
  ] satisfies typeof methods) {
    it(`${name} says which compiler option is missing where standard decorators are compiled`, () => {
      const kind = name.includes('Controller') ? 'class' : 'method';
      const refusal = refusalOf(() => decorator(Shop, { kind, name: 'sell' }));
      expect(refusal.code).to.equal('INVALID_DECORATION');
      expect(refusal.message).to.contain(name).and.to.contain('experimentalDecorators');
    });
  }
});
