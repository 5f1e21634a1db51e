/**
 * The class name of whatever was thrown; the type's name, such as `string` or `null`, of what is no object.
 * It never throws, whatever getters the thrown value has.
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
  return thrown instanceof Error ? 'Error' : 'object';
}
