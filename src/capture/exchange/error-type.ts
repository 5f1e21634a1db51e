/**
 * The class name of a thrown object, or the type's name of any other thrown value, such as `string` or
 * `null`. This function never throws, whatever getters and traps the thrown value has.
 */
export function errorTypeOf(thrown: unknown): string {
  if (thrown === null) return 'null';
  if (typeof thrown !== 'object') return typeof thrown;
  try {
    const name: unknown = thrown.constructor.name;
    if (typeof name === 'string' && name !== '') return name;
  } catch {
    // An object without a prototype, or with a getter that throws.
  }
  try {
    return thrown instanceof Error ? 'Error' : 'object';
  } catch {
    // A proxy may refuse to tell its prototype.
    return 'object';
  }
}
