/** Values that break whoever looks at them, and others that nobody expects to be thrown or answered. */
export function oddValues(): readonly unknown[] {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const boom = (): never => {
    throw new Error('boom');
  };
  return [
    undefined,
    null,
    Number.NaN,
    'text',
    Symbol('odd'),
    1n,
    () => {},
    proxy,
    Object.create(null),
    Object.defineProperty(new Error('x'), 'message', { get: boom }),
    Object.defineProperty({}, 'anything', { get: boom, enumerable: true }),
    new Proxy({}, { get: boom, ownKeys: boom, getPrototypeOf: boom }),
  ];
}
