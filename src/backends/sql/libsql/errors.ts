/** How a server's answer names what SQLite said, or what the server itself objects to. */
const CODE = /\bSQLITE_[A-Z]+(?:_[A-Z]+)*\b/;
const SETUP = /\bno such (?:table|column)|\bhas no column named|status[ =:"]*40[134]\b/i;
const REFUSED = /\bconstraint failed\b/i;

/** An error with SQLite's code. For a file, libsql throws it so; what a server says is in the message alone. */
export function withCode(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && code !== '') return error;
  const found = codeOf(error.message);
  return found === null ? error : Object.assign(new Error(error.message, { cause: error }), { code: found });
}

function codeOf(message: string): string | null {
  if (REFUSED.test(message)) return 'SQLITE_CONSTRAINT';
  if (SETUP.test(message)) return 'SQLITE_ERROR';
  const [code] = CODE.exec(message) ?? [];
  return code ?? null;
}
