import { expect } from 'chai';
import { HttpError, NotFoundError } from 'routing-controllers';
import { errorTypeOf } from '../../../src/capture/exchange/error-type.js';

class PaymentError extends Error {}

function refuse(): never {
  throw new Error('no');
}

describe('errorTypeOf', () => {
  const named: [string, unknown, string][] = [
    ['an error', new Error('x'), 'Error'],
    ['a built-in error', new TypeError('x'), 'TypeError'],
    ["an application's own error", new PaymentError('x'), 'PaymentError'],
    ['an HTTP error', new HttpError(418, 'x'), 'HttpError'],
    ['a named HTTP error', new NotFoundError('x'), 'NotFoundError'],
    ['a plain object', { status: 500 }, 'Object'],
    ['a list', ['x'], 'Array'],
    ['a string', 'x', 'string'],
    ['an empty string', '', 'string'],
    ['a number', 404, 'number'],
    ['a bigint', 1n, 'bigint'],
    ['a symbol', Symbol('x'), 'symbol'],
    ['a boolean', false, 'boolean'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a function', () => 'x', 'function'],
    ['an object without a prototype', Object.create(null), 'object'],
    ['an object whose constructor is no function', { constructor: 7 }, 'object'],
    ['an instance of an anonymous class', new (class {})(), 'object'],
    ['an instance of an anonymous error class', new (class extends Error {})(), 'Error'],
  ];
  for (const [what, thrown, name] of named) {
    it(`calls ${what} ${name}`, () => {
      expect(errorTypeOf(thrown)).to.equal(name);
    });
  }

  it('takes the class name, whatever the error calls itself', () => {
    const error = new PaymentError('x');
    error.name = 'made up by a stranger';
    expect(errorTypeOf(error)).to.equal('PaymentError');
  });

  it('survives getters that throw', () => {
    const thrown = Object.defineProperty(new Error('x'), 'constructor', {
      get() {
        throw new Error('no');
      },
    });
    expect(errorTypeOf(thrown)).to.equal('Error');
  });

  it('survives a constructor whose name is no text', () => {
    expect(errorTypeOf({ constructor: { name: { toString: null } } })).to.equal('object');
  });

  it('survives a proxy that refuses everything', () => {
    const thrown: unknown = new Proxy({}, { get: refuse, getPrototypeOf: refuse, has: refuse });
    expect(() => errorTypeOf(thrown)).not.to.throw();
    expect(errorTypeOf(thrown)).to.equal('object');
  });
});
