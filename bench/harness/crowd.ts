import type autocannon from 'autocannon';
import { CLIENTS, type Clients } from './load.js';

/** Distinct user agents, and as many distinct addresses. */
const DISTINCT = 10_000;

/** Connections that the requests are spread over, as a proxy keeps some to an application. */
const CONNECTIONS = 16;

const LANGUAGES = [
  'en-US,en;q=0.9',
  'de-CH,de;q=0.9,en;q=0.5',
  'fr-FR,fr;q=0.8',
  'ja',
  'pt-BR,pt;q=0.9',
  'es',
];

const PLATFORMS = [
  'Windows NT 10.0; Win64; x64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
  'Linux; Android 15; Pixel 9',
  'iPhone; CPU iPhone OS 18_5 like Mac OS X',
];

/** What the three clients of the other benchmarks ask for, the one that writes as often as the others. */
const REQUESTS: readonly autocannon.Request[] = [...CLIENTS, ...CLIENTS.slice(-1)].flat();

/** The sums of 1/1, 1/2, 1/3 …: where a draw from Zipf's distribution falls. */
const SUMS = zipfSums(DISTINCT);

/**
 * Draws the requests of a crowd behind a proxy: 10,000 user agents and 10,000 addresses, the second half as frequent as
 * the first, the third a third as frequent, and so on (Zipf's law), drawn independently of each other. One user agent
 * in fifty is a crawler. What they ask for is what the three clients of the other benchmarks do.
 *
 * @param warmUp - a slice before anything is measured, numbered from 0: everybody comes once before anybody comes again, as
 *   in the long life of a server; null to draw
 */
export function drawCrowd(requests: number, warmUp: number | null): Clients {
  const each = Math.ceil(requests / CONNECTIONS);
  let next = (warmUp ?? 0) * each * CONNECTIONS;
  const draw = (): autocannon.Request => {
    if (warmUp === null) return requestOf(drawRank(), drawRank());
    next += 1;
    return requestOf(next % DISTINCT, next % DISTINCT);
  };
  return Array.from({ length: CONNECTIONS }, () => Array.from({ length: each }, draw));
}

function requestOf(caller: number, agent: number): autocannon.Request {
  const { headers, ...request } = REQUESTS[caller % REQUESTS.length] as autocannon.Request;
  return {
    ...request,
    headers: {
      ...headers,
      'user-agent': userAgent(agent),
      'accept-language': LANGUAGES[caller % LANGUAGES.length] ?? 'en',
      'x-forwarded-for': addressOf(caller),
    },
  };
}

function addressOf(caller: number): string {
  return `${1 + (caller % 200)}.${(caller >> 4) % 256}.${caller % 251}.${1 + (caller % 250)}`;
}

function userAgent(rank: number): string {
  if (rank % 50 === 49) return `Mozilla/5.0 (compatible; Crawlbot/${rank}.0; +https://crawl.example/${rank})`;
  const platform = PLATFORMS[rank % PLATFORMS.length] ?? '';
  const major = 90 + (rank % 55);
  if (rank % 4 === 0)
    return `Mozilla/5.0 (${platform}; rv:${major}.0) Gecko/20100101 Firefox/${major}.${rank % 97}`;
  return `Mozilla/5.0 (${platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.${rank}.${rank % 211} Safari/537.36`;
}

function drawRank(): number {
  const drawn = Math.random() * (SUMS.at(-1) ?? 1);
  let low = 0;
  let high = SUMS.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((SUMS[middle] ?? 0) < drawn) low = middle + 1;
    else high = middle;
  }
  return low;
}

function zipfSums(count: number): readonly number[] {
  let sum = 0;
  return Array.from({ length: count }, (_, index) => (sum += 1 / (index + 1)));
}
