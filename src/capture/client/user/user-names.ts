import type { Context } from 'koa';
import type { TrackerSettings } from '../../../options/tracker-options.js';

const BASIC = /^basic +([A-Za-z0-9+/=_-]+) *$/i;

/** Longer credentials are not looked at: user names of that length are not names. */
const MAX_HEADER_LENGTH = 4096;

/** Finds out who calls, as the application or the `Authorization` header says. */
export class UserNames {
  readonly #user: TrackerSettings['user'];
  readonly #onFailure: (error: unknown) => void;
  readonly #fail = (error: unknown): null => {
    this.#onFailure(error);
    return null;
  };

  /** @param onFailure - is told when the option's callback throws */
  constructor({ user }: Pick<TrackerSettings, 'user'>, onFailure: (error: unknown) => void) {
    this.#user = user;
    this.#onFailure = onFailure;
  }

  /** @returns a promise only if the application returned one; the promise never rejects */
  readonly read = (context: Context): string | null | Promise<string | null> => {
    if (this.#user === null) {
      const { authorization } = context.req.headers;
      return authorization === undefined ? null : basicUserName(authorization);
    }
    try {
      const name: unknown = this.#user(context);
      return isThenable(name) ? Promise.resolve(name).then(nameOf).catch(this.#fail) : nameOf(name);
    } catch (error) {
      return this.#fail(error);
    }
  };
}

function nameOf(name: unknown): string | null {
  // `ctx.get` returns empty text for a header that was not sent.
  if (name === undefined || name === null || name === '') return null;
  if (typeof name === 'string') return name;
  throw new TypeError(`it returned a value of type ${typeof name}; expected a string or undefined`);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/**
 * The user name of Basic authentication (RFC 7617). The password is never kept.
 *
 * @param header - the `Authorization` header
 * @returns null if the header is of another scheme, or is not well formed
 */
export function basicUserName(header: string): string | null {
  if (header.length > MAX_HEADER_LENGTH) return null;
  const encoded = BASIC.exec(header)?.[1];
  if (encoded === undefined) return null;
  const credentials = Buffer.from(encoded, 'base64');
  const end = credentials.indexOf(':');
  // Only the name becomes text: a part of a longer text would keep the password in memory.
  return end < 1 ? null : credentials.toString('utf8', 0, end);
}
