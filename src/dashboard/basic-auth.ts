import { hash, timingSafeEqual } from 'node:crypto';
import { readOptions, required, text } from '../option-reader.js';
import type { Authorize } from './dashboard-options.js';

/** Who may see the dashboard, for {@link basicAuth}. */
export class BasicAuthOptions {
  /** The only user's name, without a colon and control characters. */
  readonly username = required(
    text({
      expected: 'text that is not empty and has no colon and no control characters',
      accepts: (value) => typeof value === 'string' && /^[^:\p{Cc}]+$/u.test(value),
    }),
  );
  /** The user's password, without control characters: a file's last line break is none of it. */
  readonly password = required(
    text({
      isSecret: true,
      expected: 'text that is not empty and has no control characters, such as a line break at its end',
      accepts: (value) => typeof value === 'string' && /^\P{Cc}+$/u.test(value),
    }),
  );
}

/**
 * Makes an `authorize` of one name and password, which the browser asks for (RFC 7617). Both are compared in a time that does not
 * depend on them. Use it behind TLS alone: the browser sends them as they are with each request.
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if the name or the password is missing or empty, or the browser cannot send it
 */
export function basicAuth(options: BasicAuthOptions): Authorize {
  const { username, password } = readOptions('basicAuth', BasicAuthOptions, options);
  const expected = digest(`${username}:${password}`);
  return (context) => {
    const [, given = ''] = /^basic +([a-z0-9+/]+={0,2}) *$/i.exec(context.get('Authorization')) ?? [];
    const isRight = timingSafeEqual(digest(Buffer.from(given, 'base64')), expected);
    if (!isRight) {
      context.status = 401;
      context.set('WWW-Authenticate', 'Basic realm="usage", charset="UTF-8"');
    }
    return isRight;
  };
}

/** Digests are of equal length, whatever was given. */
function digest(given: string | Buffer): Buffer {
  return hash('sha256', given, 'buffer');
}
