import { exchangeRaw } from '../raw-http.js';
import { HIDDEN, type Network, SKIPPED, TRUNCATED, ipv4, ipv6, mark, secret } from './secrets.js';

/** One request, and whether it is recorded. */
export interface Visit {
  /** What is kept of it, if it is recorded; null if it is not. */
  readonly mark: string | null;
  readonly target: string;
  readonly headers?: readonly string[];
  readonly method?: string;
  readonly body?: string;
  readonly host?: string;
  readonly status?: number;
}

export const from = (address: string): string => `X-Forwarded-For: ${address}`;
export const basic = (name: string, password: string): string =>
  `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

/** A visit that is recorded under its name, with whatever else is behind the mark in its target. */
export function visit(
  action: string,
  name: string,
  more: Partial<Visit> & { readonly rest?: string } = {},
): Visit {
  const { rest = '', ...changes } = more;
  return { mark: mark(name), target: `/leaks/${action}/${mark(name)}${rest}`, ...changes };
}

/** Everything percent-encoded, as nobody has to do it. */
const encoded = (text: string): string => Buffer.from(text).toString('hex').replaceAll(/../g, '%$&');

/** Secrets in every header that is not kept. */
const HEADERS = [
  `Cookie: session=${secret('cookie')}`,
  `Proxy-Authorization: Basic ${Buffer.from(`ada:${secret('proxy-password')}`).toString('base64')}`,
  `Referer: http://spec.test/${secret('referer')}`,
  `Origin: http://${secret('origin')}.test`,
  `X-Real-IP: ${ipv4(SKIPPED)}`,
  `X-Client-IP: ${ipv6(SKIPPED)}`,
  `X-Csrf-Token: ${secret('csrf')}`,
];

/** What every application is asked; `network` is whose addresses it keeps as its option says. */
export function commonVisits(network: Network): readonly Visit[] {
  return [
    visit('plain', 'v4', { headers: [from(ipv4(network))] }),
    visit('plain', 'v6', { headers: [`Forwarded: for="[${ipv6(network)}]:4711"`] }),
    visit('plain', 'mapped', { headers: [from(`[::ffff:${ipv4(network)}]:80`)] }),
    visit('plain', 'chain', { headers: [from(`${ipv4(SKIPPED)}, ${ipv4(network)}`)] }),
    visit('plain', 'headers', { headers: HEADERS }),
    visit('plain', 'bearer', { headers: [`Authorization: Bearer ${secret('bearer')}`] }),
    visit('plain', 'query', { rest: `?page=${secret('page')}&${secret('name')}=1#${secret('fragment')}` }),
    visit('plain', 'host', { host: `ada:${secret('host-password')}@spec.test` }),
    visit('hidden', 'no-v4', { headers: [from(ipv4(HIDDEN))] }),
    visit('hidden', 'no-v6', { headers: [from(ipv6(HIDDEN))] }),
    visit('network', 'net-v4', { headers: [from(ipv4(TRUNCATED))] }),
    visit('network', 'net-v6', { headers: [from(ipv6(TRUNCATED))] }),
    visit('folder', 'folder', { rest: `/${secret('folder')}` }),
    visit('folder', 'encoded', { rest: `/${encoded(secret('encoded folder/ä'))}` }),
    visit('reset', 'reset', { rest: `/${secret('reset-token')}?x=${secret('reset-query')}` }),
    visit('search', 'search', {
      rest: `?page=${mark('page')}&token=${secret('token')}&token=2&code=${secret('code')}&q=${secret('q')}`,
    }),
    visit('own', 'own'),
    visit('silent', 'silent'),
    visit('thrown', 'thrown', { status: 500 }),
    visit('body', 'body', {
      method: 'POST',
      body: JSON.stringify({ text: secret('request-body') }),
      headers: ['Content-Type: application/json'],
    }),
    {
      mark: mark('broken'),
      target: `/leaks/${mark('broken')}/${secret('broken-path')}?page=${secret('broken-query')}`,
      headers: [
        from(ipv4(HIDDEN)),
        `User-Agent: ${secret('broken-agent')}`,
        basic(secret('broken-name'), 'x'),
      ],
    },
    {
      ...visit('plain', 'absolute'),
      target: `http://ada:${secret('userinfo')}@spec.test/leaks/plain/${mark('absolute')}?x=${secret('absolute')}`,
    },
    { mark: null, target: `/leaks/untracked/${secret('untracked')}`, headers: [from(ipv4(SKIPPED))] },
    { mark: null, target: `/internal/${secret('ignored')}`, headers: [from(ipv6(SKIPPED))], status: 404 },
    {
      mark: null,
      target: `/leaks/nowhere/${secret('unmatched')}`,
      headers: [from(ipv4(SKIPPED))],
      status: 404,
    },
  ];
}

/** Makes a request, and answers the status. */
export async function make(
  { target, headers = [], method = 'GET', body = '', host = 'spec.test' }: Visit,
  port: number,
): Promise<number> {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...length, ...headers];
  const answer = await exchangeRaw(port, `${lines.join('\r\n')}\r\n\r\n${body}`);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}
