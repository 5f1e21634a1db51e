/**
 * What went wrong, as the error says it. A socket that fails on every address of a host says nothing itself: then it is
 * what the first of them says, else the error's code or name.
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  const [first]: unknown[] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  if (first instanceof Error) return first.message;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
