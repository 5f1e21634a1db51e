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
