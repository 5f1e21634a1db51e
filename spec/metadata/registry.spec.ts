import { expect } from 'chai';
import {
  type ClassType,
  decideController,
  decideMethod,
  findDecisions,
} from '../../src/metadata/registry.js';
import { refusalOf } from '../support/refusal.js';

describe('the metadata registry', () => {
  it('knows nothing of a class that nobody decorated', () => {
    class Plain {}
    expect(findDecisions(Plain, 'list')).to.deep.include({ methodDecision: null, controllerDecision: null });
  });

  it('keeps what is said of a method apart from what is said of its class', () => {
    class Both {}
    decideController(Both, 'tracked');
    decideMethod(Both.prototype, 'list', 'untracked');
    expect(findDecisions(Both, 'list')).to.deep.include({
      methodDecision: 'untracked',
      controllerDecision: 'tracked',
    });
    expect(findDecisions(Both, 'other')).to.deep.include({
      methodDecision: null,
      controllerDecision: 'tracked',
    });
  });

  it('knows methods by symbols too', () => {
    const list = Symbol('list');
    class Symbolic {}
    decideMethod(Symbolic.prototype, list, 'tracked');
    expect(findDecisions(Symbolic, list).methodDecision).to.equal('tracked');
    expect(findDecisions(Symbolic, Symbol('list')).methodDecision).to.equal(null);
    expect(findDecisions(Symbolic, 'list').methodDecision).to.equal(null);
  });

  it('is not fooled by the names that every object has', () => {
    class Plain {}
    decideMethod(Plain.prototype, 'list', 'tracked');
    expect(findDecisions(Plain, 'toString')).to.deep.include({
      methodDecision: null,
      controllerDecision: null,
    });
    expect(findDecisions(Plain, '__proto__')).to.deep.include({
      methodDecision: null,
      controllerDecision: null,
    });
    expect(findDecisions(Plain, 'constructor')).to.deep.include({
      methodDecision: null,
      controllerDecision: null,
    });
  });

  describe('of a subclass', () => {
    class Base {}
    class Child extends Base {}
    class Grandchild extends Child {}
    decideController(Base, 'tracked');
    decideMethod(Base.prototype, 'list', 'untracked');
    decideMethod(Child.prototype, 'list', 'tracked');
    decideController(Grandchild, 'untracked');

    it('takes what the nearest class says of the method, and of the class, each for itself', () => {
      expect(findDecisions(Base, 'list')).to.deep.include({
        methodDecision: 'untracked',
        controllerDecision: 'tracked',
      });
      expect(findDecisions(Child, 'list')).to.deep.include({
        methodDecision: 'tracked',
        controllerDecision: 'tracked',
      });
      expect(findDecisions(Grandchild, 'list')).to.deep.include({
        methodDecision: 'tracked',
        controllerDecision: 'untracked',
      });
    });

    it('says nothing of its siblings', () => {
      class Sibling extends Base {}
      expect(findDecisions(Sibling, 'list')).to.deep.include({
        methodDecision: 'untracked',
        controllerDecision: 'tracked',
      });
    });

    it('stops at a class that extends null', () => {
      const Rootless = class extends (null as unknown as typeof Base) {} as unknown as ClassType;
      decideController(Rootless, 'tracked');
      expect(findDecisions(Rootless, 'list')).to.deep.include({
        methodDecision: null,
        controllerDecision: 'tracked',
      });
    });
  });

  it('refuses opposites of one class, in either order, and keeps what was said first', () => {
    for (const [first, second] of [['tracked', 'untracked'] as const, ['untracked', 'tracked'] as const]) {
      class Torn {}
      decideController(Torn, first);
      const refusal = refusalOf(() => decideController(Torn, second));
      expect(refusal.code).to.equal('INVALID_DECORATION');
      expect(refusal.message).to.contain('class Torn');
      expect(findDecisions(Torn, 'list').controllerDecision).to.equal(first);
    }
  });

  it('refuses opposites of one method, in either order, and names class and method', () => {
    for (const [first, second] of [['tracked', 'untracked'] as const, ['untracked', 'tracked'] as const]) {
      class Torn {}
      decideMethod(Torn.prototype, 'list', first);
      const refusal = refusalOf(() => decideMethod(Torn.prototype, 'list', second));
      expect(refusal.code).to.equal('INVALID_DECORATION');
      expect(refusal.message).to.contain('Torn.list()');
      expect(findDecisions(Torn, 'list').methodDecision).to.equal(first);
    }
  });

  it('takes the same word twice', () => {
    class Twice {}
    decideController(Twice, 'tracked');
    decideController(Twice, 'tracked');
    decideMethod(Twice.prototype, 'list', 'untracked');
    decideMethod(Twice.prototype, 'list', 'untracked');
    expect(findDecisions(Twice, 'list')).to.deep.include({
      methodDecision: 'untracked',
      controllerDecision: 'tracked',
    });
  });

  it('lives where every installed copy of the package finds it', () => {
    class Shared {}
    decideController(Shared, 'tracked');
    const held = (
      globalThis as unknown as Record<symbol, { controllers: WeakMap<object, { decision: string }> }>
    )[Symbol.for('koa-track-usage.metadata')];
    expect(held?.controllers.get(Shared)).to.include({ decision: 'tracked' });
  });
});
