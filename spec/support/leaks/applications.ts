import type { RequestListener } from 'node:http';
import {
  type TrackUsageOptions,
  type UsageMiddleware,
  type UsageRecordDraft,
  hashUser,
} from '../../../src/index.js';
import { httpGeo } from '../../../src/geo/index.js';
import { type Clock, systemClock } from '../../../src/time/clock.js';
import { answerJson } from '../end-point.js';
import { type Served, serve } from '../serve.js';
import { LeakController } from './controller.js';
import { HIDDEN, type Network, SHOWN, SKIPPED, TRUNCATED, ipv4, ipv6, mark, secret } from './secrets.js';
import { type Visit, basic, commonVisits, from, make, visit } from './visits.js';

/** An application with its policies, and what it is asked. */
export interface Application {
  readonly title: string;
  readonly options: TrackUsageOptions;
  readonly visits: readonly Visit[];
}

const CALLER = `User-Agent: ${secret('agent')}`;

/** Takes out what the other options do not reach, and fails where the path says so. */
function redact(record: UsageRecordDraft): void {
  if (record.path.includes('/leaks/Kt8mRp3yLf-broken/')) throw new TypeError('it cannot do this one');
  if (record.trackVar !== null) record.trackVar = { ...record.trackVar, mail: 'taken out' };
  const country = record.ipInfo?.['countryCode'];
  const city = record.ipInfo?.['city'];
  if (city === secret('finer-city')) record.ipInfo = { countryCode: country ?? null };
}

/** Names are those of Basic authentication, and of addresses is kept what `ip` says. */
const NAMED: TrackUsageOptions = {
  trustProxy: 'loopback',
  query: ['page', 'token'],
  params: { ssn: 'redact' },
  respect: { gpc: 'anonymize', dnt: 'skip' },
  ignorePaths: ['/internal/*'],
  visitors: true,
  redact,
};

/** What applications with names are asked; `network` is whose addresses are kept as the option says. */
function namedVisits(network: Network): Visit[] {
  return [
    ...commonVisits(network).filter(({ mark: name }) => name !== mark('query')),
    visit('plain', 'basic', { headers: [basic(mark('ada'), secret('password:ä'))] }),
    visit('plain', 'nameless', { headers: [basic('', secret('password-alone'))] }),
    visit('person', 'person', { rest: `/${secret('ssn')}?token=${secret('person-token')}` }),
    visit('document', 'document', { rest: `/of-${secret('document')}.pdf` }),
    // The second time, the location is known.
    ...['anonymized', 'anonymized-again'].map((name) =>
      visit('plain', name, {
        headers: ['Sec-GPC: 1', 'DNT: 0', from(ipv4(HIDDEN, 238)), CALLER, basic(secret('anonymous'), 'x')],
      }),
    ),
    {
      mark: null,
      target: `/leaks/plain/${secret('skipped')}`,
      headers: ['DNT: 1', 'Sec-GPC: 1', from(ipv4(SKIPPED)), CALLER],
    },
  ];
}

/** Addresses are truncated, and an end point is asked where they are. */
function withNetworks(endPoint: string): Application {
  return {
    title: 'names and networks',
    options: {
      ...NAMED,
      ip: 'truncate',
      geo: httpGeo({ url: `${endPoint}/json/{ip}?again={ip}`, headers: { 'x-key': mark('geo-key') } }),
    },
    visits: namedVisits(TRUNCATED),
  };
}

/** Addresses are kept whole, and `X-Forwarded-For` with them, but where an action or a client says otherwise. */
function withAddresses(): Application {
  return {
    title: 'names and addresses',
    options: { ...NAMED, ip: 'full' },
    // What clients write in front of their address is kept as well.
    visits: namedVisits(SHOWN).filter(({ mark: name }) => name !== mark('chain')),
  };
}

/** Names are hashed, nothing is kept of addresses and user agents, and a function of the application's own knows cities. */
function withPseudonyms(): Application {
  return {
    title: 'pseudonyms and countries',
    options: {
      trustProxy: 1,
      ip: 'none',
      keepUserAgent: false,
      respect: { gpc: 'skip', dnt: 'anonymize' },
      ignore: (ctx) => ctx.path.startsWith('/internal/'),
      visitors: true,
      user: async (ctx) => {
        await Promise.resolve();
        if (ctx.get('x-api-key') === '') throw new Error('there is no key');
        return hashUser(ctx.get('x-api-key'), secret('of the hash'));
      },
      geo: {
        breakerFailures: 1,
        lookup(address) {
          if (address !== ipv6(HIDDEN)) return { countryCode: 'CH', city: secret('finer-city') };
          const spelt = [address, encodeURIComponent(address), `${address}:443`, address.toUpperCase()];
          throw new Error(`nobody knows ${spelt.join(', ')}: ask somebody else`);
        },
      },
      redact,
    },
    visits: [
      ...commonVisits(HIDDEN),
      visit('plain', 'hashed', {
        headers: [`X-Api-Key: ${secret('api-key')}`, basic(secret('other-name'), secret('other')), CALLER],
      }),
      visit('plain', 'dnt', {
        headers: ['DNT: 1', `X-Api-Key: ${secret('dnt-key')}`, from(ipv4(HIDDEN, 238)), CALLER],
      }),
      {
        mark: null,
        target: `/leaks/plain/${secret('gpc')}`,
        headers: ['Sec-GPC: 1', from(ipv6(SKIPPED)), CALLER],
      },
    ],
  };
}

/** All applications. */
export function applications(endPoint: string): readonly Application[] {
  return [withNetworks(endPoint), withPseudonyms(), withAddresses()];
}

/** What a source of locations says, which repeats the address as many do. */
export const answerPlace: RequestListener = (request, response) => {
  const ip = decodeURIComponent(/\/json\/([^?]*)/.exec(request.url ?? '')?.[1] ?? '');
  const city = ip === ipv4(HIDDEN, 238) ? secret('city') : 'Bern';
  answerJson(response, { ip, query: ip, country_code: 'CH', city, hostname: `${ip}.spec.test` });
};

/** The day of all visits, whose salt is looked for. */
export const DAY = '2026-03-01';

const STARTED_MS = systemClock.monotonic();
const NOON_MS = Date.parse(`${DAY}T12:00:00Z`);

/** Time goes by as ever, but no midnight is near, after which visitors have another salt. */
const CLOCK: Clock = { ...systemClock, now: () => NOON_MS + systemClock.monotonic() - STARTED_MS };

/** Starts an application and makes its visits, each of which has to be answered as it should. */
export async function visitAll(
  application: Application,
  more: TrackUsageOptions,
  prepare: (usage: UsageMiddleware) => void = () => {},
): Promise<Served> {
  const served = await serve({
    controllers: [LeakController],
    tracker: { serverName: 'leaks', clock: CLOCK, ...application.options, ...more },
  });
  prepare(served.usage);
  for (const asked of application.visits) {
    const status = await make(asked, served.port);
    if (status !== (asked.status ?? 200)) throw new Error(`${asked.target} was answered with ${status}.`);
  }
  await served.records();
  return served;
}

/** What has to be found of an application's records. */
export function marksOf({ visits }: Application): string[] {
  return visits.flatMap((asked) => (asked.mark === null ? [] : [asked.mark]));
}
