/**
 * Checks what an option's callback returned. Nothing waits for a promise here.
 *
 * @param expected - what the callback has to return, for the error's message
 * @throws {TypeError} if the result is a promise, whose rejection then does not end the process, or another value
 */
export function checkResult<Value>(
  result: unknown,
  isExpected: (result: unknown) => result is Value,
  expected: string,
): Value {
  if (typeof result === 'object' && result !== null && 'then' in result) {
    // Without a listener, a promise that rejects would end the process.
    Promise.resolve(result).catch(() => undefined);
    throw new TypeError('it returned a promise; expected a function that is not async');
  }
  if (isExpected(result)) return result;
  // The value may be text of the request, which no line of a log may hold.
  throw new TypeError(`it returned a value of type ${typeof result}; expected ${expected}`);
}
