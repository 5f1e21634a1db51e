/**
 * Waits for a promise until a signal is aborted.
 *
 * @throws the signal's reason, as soon as it is aborted; what becomes of the promise is then nobody's concern
 */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const settled = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- it is the signal's own reason
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    settled.abort();
  }
}
