/**
 * Refuses what an option's callback returned where it is a promise: nobody waits for it here.
 *
 * @throws {TypeError} if it is one; what it is rejected with later ends nothing
 */
export function refusePromise(result: unknown): void {
  if (typeof result !== 'object' || result === null || !('then' in result)) return;
  // Without a listener, a promise that rejects would end the process.
  Promise.resolve(result).catch(() => undefined);
  throw new TypeError('it returned a promise; expected a function that is not async');
}

/**
 * What an option's callback returned, where it has to be a boolean.
 *
 * @throws {TypeError} if it is anything else
 */
export function readBoolean(result: unknown): boolean {
  refusePromise(result);
  if (typeof result === 'boolean') return result;
  // What it is may be text of the request, which no line of a log may hold.
  throw new TypeError(`it returned a value of type ${typeof result}; expected true or false`);
}

/**
 * Refuses anything that an option's callback returned, where it is to change what it is given.
 *
 * @throws {TypeError} if there is something
 */
export function refuseResult(result: unknown): void {
  refusePromise(result);
  if (result === undefined) return;
  throw new TypeError(
    `it returned a value of type ${typeof result}, which would be lost; expected a function that changes what it is ` +
      'given, and returns nothing',
  );
}
