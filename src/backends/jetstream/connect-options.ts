import {
  type Settings,
  boolean,
  hasMethods,
  integer,
  isObject,
  isText,
  option,
  readOptions,
  refuseOption,
  required,
  text,
} from '../../option-reader.js';
import type { UsageStorage } from '../../storage/usage-storage.js';
import { SERVER_URLS, type Servers, readServers } from './server-urls.js';

/** The function that takes the options, for errors. */
export const CONNECT = 'JetStreamStorage.connect';

/** The options of `JetStreamStorage.connect`. */
export class JetStreamStorageOptions {
  /**
   * The servers: `'nats://host:4222'`, `'tls://host:4222'` or `'nats://user:password@host'`, or some of a cluster's in a list or behind
   * commas, whose others are found by themselves. It is in no log and no error.
   */
  readonly servers = required(
    option<string | readonly string[]>({
      expected: SERVER_URLS,
      isSecret: true,
      accepts: (value) => [value].flat().length > 0 && [value].flat().every(isText),
      convert: readServers,
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
  /**
   * Further options of the client's `connect`, such as `{ tls: {} }` or `{ authenticator }`. Its `timeout`, in milliseconds, is for how long the
   * servers are waited for, whatever they are asked. @default {}
   */
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
  /** Whether the stream is only looked at, as `doctor` does: it has to be there, and `trackUsage` refuses it. @default false */
  readonly readOnly? = boolean(false);
  /** Its name in statistics, events and the log. @default 'jetstream' */
  readonly name? = text({ default: 'jetstream' });
}

/** Who connects, as far as it is said. */
type Login = Pick<JetStreamStorageOptions, 'user' | 'pass' | 'token'>;

/** The options with every default filled in. */
export type JetStreamSettings = Settings<
  Omit<JetStreamStorageOptions, keyof Login | 'servers' | 'clientOptions'>,
  {
    readonly subject: string;
    readonly database: UsageStorage | null;
    /** The options of the client, who connects and the servers among them, without their users. */
    readonly client: Servers['login'] & { readonly servers: string[]; readonly timeout?: number };
  }
>;

/** What is read of the options before it is put together. */
type Read = JetStreamSettings & Login & { readonly servers: Servers; readonly clientOptions: Given };

type Given = Readonly<Record<string, unknown>>;

/** Options of the client that are not for `clientOptions`. */
const NOT_OF_CLIENT: ReadonlySet<string> = new Set([
  'servers',
  'port',
  'user',
  'pass',
  'token',
  'reconnect',
  'maxReconnectAttempts',
  'ignoreAuthErrorAbort',
]);

/**
 * Checks the options of `JetStreamStorage.connect`.
 *
 * @throws {TrackUsageError} `INVALID_OPTION`, naming the option, its value and what was expected
 */
export function resolveConnection(options: JetStreamStorageOptions): JetStreamSettings {
  const { servers, user, pass, token, clientOptions, ...given } = readOptions<JetStreamStorageOptions, Read>(
    CONNECT,
    JetStreamStorageOptions,
    options,
  );
  const said = Object.fromEntries(
    Object.entries({ user, pass, token }).filter(([, value]) => value !== undefined),
  );
  checkLogin(said, servers.login);
  checkClientOptions(clientOptions, servers);
  return {
    ...given,
    subject: given.subject ?? given.stream,
    client: {
      ...(servers.isSecure ? { tls: {} } : {}),
      ...clientOptions,
      ...servers.login,
      ...said,
      servers: [...servers.hosts],
    },
  };
}

function checkLogin(said: Login, inServers: Login): void {
  const refuse = (name: keyof Login, expected: string): never =>
    refuseOption({ subject: CONNECT, name }, said[name], expected, true);
  const [first] = Object.keys(said) as (keyof Login)[];
  if (first !== undefined && Object.keys(inServers).length > 0)
    refuse(first, "it left out, as 'servers' names a user");
  if (said.token !== undefined && first !== 'token') refuse('token', "it left out beside 'user' and 'pass'");
  if (said.pass !== undefined && said.user === undefined) refuse('pass', "a 'user' beside it");
}

function checkClientOptions(clientOptions: Given, { isSecure }: Servers): void {
  const refuse = (name: string, expected: string): never =>
    refuseOption({ subject: CONNECT, name: `clientOptions.${name}` }, clientOptions[name], expected, true);
  const taken = Object.keys(clientOptions).find((name) => NOT_OF_CLIENT.has(name));
  if (taken !== undefined)
    refuse(
      taken,
      'it left out: servers and users are for the options beside clientOptions, and a lost connection is always opened again',
    );
  if (isSecure && clientOptions['tls'] === null) refuse('tls', "an object, as 'servers' says tls://");
}
