import type { Context } from 'koa';
import type { TrackerSettings } from '../../../options/tracker-options.js';
import { basicUserName } from './credentials.js';

/** Finds out who calls, as the application or the `Authorization` header says. */
export class UserNames {
  readonly #user: TrackerSettings['user'];
  readonly #onFailure: (error: unknown) => void;

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
      return isThenable(name) ? this.#await(name) : nameOf(name);
    } catch (error) {
      return this.#fail(error);
    }
  };

  async #await(promise: PromiseLike<unknown>): Promise<string | null> {
    try {
      return nameOf(await promise);
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): null {
    this.#onFailure(error);
    return null;
  }
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
