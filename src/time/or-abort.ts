/**
 * Waits for work, but no longer than until the signal is aborted. The work goes on by itself; whatever becomes of it is
 * nobody's concern any more.
 *
 * @throws the signal's reason as soon as it is aborted
 */
export async function orAbort<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
