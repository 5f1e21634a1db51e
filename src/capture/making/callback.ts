/**
 * Refuses a promise that an option's callback returned: nothing waits for a promise here.
 *
 * @throws {TypeError} if the result is a promise, whose rejection then does not end the process
 */
export function refusePromise(result: unknown): void {
  if (typeof result !== 'object' || result === null || !('then' in result)) return;
  // Without a listener, a promise that rejects would end the process.
  Promise.resolve(result).catch(() => undefined);
  throw new TypeError('it returned a promise; expected a function that is not async');
}

/**
 * Reads what an option's callback returned, which has to be a boolean.
 *
 * @throws {TypeError} if the result is no boolean
 */
export function readBoolean(result: unknown): boolean {
  refusePromise(result);
  if (typeof result === 'boolean') return result;
  // The value may be text of the request, which no line of a log may hold.
  throw new TypeError(`it returned a value of type ${typeof result}; expected true or false`);
}

/**
 * Refuses a result of an option's callback, if the callback has to change its argument instead.
 *
 * @throws {TypeError} if there is a result
 */
export function refuseResult(result: unknown): void {
  refusePromise(result);
  if (result === undefined) return;
  throw new TypeError(
    `it returned a value of type ${typeof result}, which would be lost; expected a function that changes what it is ` +
      'given, and returns nothing',
  );
}
