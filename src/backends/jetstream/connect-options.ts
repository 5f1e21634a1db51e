import {
  type Settings,
  hasMethods,
  integer,
  isObject,
  isText,
  option,
  readOptions,
  required,
  text,
} from '../../option-reader.js';
import type { UsageStorage } from '../../storage/usage-storage.js';

/** The function that takes the options, for errors. */
export const CONNECT = 'JetStreamStorage.connect';

/** The options of `JetStreamStorage.connect`. */
export class JetStreamStorageOptions {
  /** The servers: `'nats://host:4222'` or `'nats://user:password@host'`, or a list of some of a cluster's, whose others are found by themselves. */
  readonly servers = required(
    option<string | readonly string[]>({
      expected: "'nats://host:4222', or a list of such texts",
      accepts: (value) => [value].flat().length > 0 && [value].flat().every(isText),
    }),
  );
  /** The stream. It is made if it is missing. */
  readonly stream = required(
    text({
      expected: "a stream's name, without spaces, dots, *, > and slashes",
      accepts: (value) => isText(value) && /^[^\s.*>/\\\p{Cc}]{1,255}$/u.test(value),
    }),
  );
  /** The subject that records are published to; dead letters go to this and `.refused`. @default the stream's name */
  readonly subject? = text({
    expected: "a subject such as 'usage.records', without spaces and wildcards",
    accepts: (value) => isText(value) && /^[^\s.*>\p{Cc}]+(?:\.[^\s.*>\p{Cc}]+)*$/u.test(value),
  });
  /** On how many servers the stream is made, from 1 to 5: with 3, one may be lost. A stream that is there is left as it is. @default 3 */
  readonly replicas? = integer({ min: 1, max: 5, default: 3 });
  /** The user who connects. @default none: the server lets everybody in */
  readonly user? = text();
  /** The password of `user`. It is in no log and no error. @default none */
  readonly pass? = text({ isSecret: true });
  /** A token instead of `user` and `pass`. It is in no log and no error. @default none */
  readonly token? = text({ isSecret: true });
  /** Further options of the client's `connect`, such as `{ tls: {} }` or `{ authenticator }`. @default {} */
  readonly clientOptions? = option<object>({ default: {}, expected: 'an object', accepts: isObject });
  /**
   * The storage that workers fill from the stream, for all but records: the register of endpoints, the salts of visitors, and reading.
   * It is closed with this one. @default none: reports cannot tell what was watched
   */
  readonly database? = option<UsageStorage>({
    default: null,
    expected: 'a storage',
    accepts: (value) => hasMethods(value, 'store'),
  });
  /** Its name in statistics, events and the log. @default 'jetstream' */
  readonly name? = text({ default: 'jetstream' });
}

/** The options with every default filled in. */
export type JetStreamSettings = Settings<
  Omit<JetStreamStorageOptions, 'user' | 'pass' | 'token'>,
  { readonly servers: string[]; readonly subject: string; readonly database: UsageStorage | null }
> &
  Pick<JetStreamStorageOptions, 'user' | 'pass' | 'token'>;

/**
 * Checks the options of `JetStreamStorage.connect`.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected
 */
export function resolveConnection(options: JetStreamStorageOptions): JetStreamSettings {
  const { servers, ...given } = readOptions<JetStreamStorageOptions, JetStreamSettings>(
    CONNECT,
    JetStreamStorageOptions,
    options,
  );
  const urls = [servers].flat().map((server) => URL_PARTS.exec(server)?.groups ?? {});
  return {
    ...userOf(urls.find(({ user }) => user !== undefined)?.['user']),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    servers: urls.map(({ scheme = '', host = '' }) => scheme + host),
    subject: given.subject ?? given.stream,
  } as JetStreamSettings;
}

/** The client knows no user that stands in a URL. */
const URL_PARTS = /^(?<scheme>\w+:\/\/)?(?:(?<user>.*)@)?(?<host>.*)$/s;

function userOf(said: string | undefined): Pick<JetStreamSettings, 'user' | 'pass' | 'token'> {
  if (said === undefined) return {};
  const [user = '', ...pass] = said.split(':').map(decodeURIComponent);
  return pass.length === 0 ? { token: user } : { user, pass: pass.join(':') };
}
