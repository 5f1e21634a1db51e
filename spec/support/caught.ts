/** The error that a promise rejects with; a promise that does not reject fails the spec. */
export async function caught(promise: Promise<unknown>): Promise<Error> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`It rejected with ${String(error)}, which is not an Error.`, { cause: error });
  }
  throw new Error(`It did not reject; it resolved to ${String(value)}.`);
}

/** The error that a function throws; a function that does not throw fails the spec. */
export function thrown(action: () => unknown): Promise<Error> {
  // oxlint-disable-next-line typescript/require-await
  return caught((async () => action())());
}
