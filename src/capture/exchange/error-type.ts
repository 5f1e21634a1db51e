/**
 * The class name of a thrown object, or the type's name of any other thrown value, such as `string` or
 * `null`. This function never throws, whatever getters and traps the thrown value has.
 */
export function errorTypeOf(thrown: unknown): string {
  if (thrown === null) return 'null';
  if (typeof thrown !== 'object') return typeof thrown;
  return constructorName(thrown) ?? (isError(thrown) ? 'Error' : 'object');
}

function constructorName(thrown: object): string | null {
  try {
    const name: unknown = thrown.constructor.name;
    return typeof name === 'string' && name !== '' ? name : null;
  } catch {
    // An object without a prototype, or with a getter that throws.
    return null;
  }
}

function isError(thrown: object): boolean {
  try {
    return thrown instanceof Error;
  } catch {
    // A proxy may refuse to tell its prototype.
    return false;
  }
}
