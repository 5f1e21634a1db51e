/**
 * JSON without a backslash in names. Once V8 13.6 has parsed an object with one, `JSON.parse` takes an escape that stands in its
 * place in a later object for it: it reads `{"":1,"\"":1}` after `{"":1,"\\":1}` as if the second were written again.
 */
export function withPlainNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlainNames);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name.replaceAll('\\', '/'), withPlainNames(part)]),
  );
}
