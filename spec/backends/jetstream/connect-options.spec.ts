import { expect } from 'chai';
import {
  type JetStreamStorageOptions,
  resolveConnection,
} from '../../../src/backends/jetstream/connect-options.js';
import { refusalOf } from '../../support/refusal.js';

type Options = Omit<JetStreamStorageOptions, 'stream'>;

function clientOf(options: Options): object {
  return resolveConnection({ stream: 'usage', ...options }).client;
}

/** Options, and what the client is told. */
const READ: readonly [options: Options, client: object][] = [
  [{ servers: 'a:4222, nats://b,nats://[::1]:4222/' }, { servers: ['a:4222', 'b', '[::1]:4222'] }],
  [{ servers: 'nats://ada:p%40ss%2C100%25@a' }, { user: 'ada', pass: 'p@ss,100%', servers: ['a'] }],
  [
    { servers: ['nats://ada:x@a', 'nats://ada:x@b', 'c'] },
    { user: 'ada', pass: 'x', servers: ['a', 'b', 'c'] },
  ],
  [{ servers: 'nats://t0ken@a' }, { token: 't0ken', servers: ['a'] }],
  [{ servers: ['a', 'tls://b'] }, { tls: {}, servers: ['a', 'b'] }],
  [
    { servers: 'tls://a', clientOptions: { tls: { ca: 'x' } } },
    { tls: { ca: 'x' }, servers: ['a'] },
  ],
  [
    { servers: 'a', user: 'ada', pass: 'x', clientOptions: { timeout: 9 } },
    { user: 'ada', pass: 'x', timeout: 9, servers: ['a'] },
  ],
];

/** Options of which one is refused. */
const REFUSED: readonly [option: string, options: Options][] = [
  ['servers', { servers: 'nats://ada:hunter2%@a' }],
  ['servers', { servers: 'nats://ada:hunter2#@a' }],
  ['servers', { servers: 'nats://ada:1/hunter2@a' }],
  ['servers', { servers: ['nats://ada:hunter2@a', 'nats://ada:hunter22@b'] }],
  ['servers', { servers: ['nats://ada:hunter2@a', 'nats://hunter2@b'] }],
  ['servers', { servers: 'nats://:hunter2@a' }],
  ['servers', { servers: 'a,' }],
  ['servers', { servers: '::1' }],
  ['servers', { servers: 'ws://a' }],
  ['servers', { servers: 'nats://a:99999' }],
  ['user', { servers: 'nats://ada:hunter2@a', user: 'ada', pass: 'hunter2' }],
  ['pass', { servers: 'nats://ada@a', pass: 'hunter2' }],
  ['pass', { servers: 'a', pass: 'hunter2' }],
  ['token', { servers: 'a', token: 'hunter2', user: 'ada', pass: 'hunter2' }],
  ['clientOptions.servers', { servers: 'a', clientOptions: { servers: 'nats://ada:hunter2@b' } }],
  ['clientOptions.pass', { servers: 'a', clientOptions: { pass: 'hunter2' } }],
  ['clientOptions.maxReconnectAttempts', { servers: 'a', clientOptions: { maxReconnectAttempts: 5 } }],
  ['clientOptions.tls', { servers: 'tls://a', clientOptions: { tls: null } }],
];

describe('The options of JetStreamStorage.connect', () => {
  for (const [options, client] of READ)
    it(`tell the client of ${JSON.stringify(options)}`, () => {
      expect(clientOf(options)).to.deep.equal(client);
    });

  for (const [option, options] of REFUSED)
    it(`refuse '${option}' of ${JSON.stringify(options)}, and show no password`, () => {
      const { code, message } = refusalOf(() => clientOf(options));
      expect(code).to.equal('INVALID_OPTION');
      expect(message)
        .to.include(
          `JetStreamStorage.connect: the option '${option}' cannot be used (its value is not shown)`,
        )
        .and.not.include('hunter2');
    });
});
