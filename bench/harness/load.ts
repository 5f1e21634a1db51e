import autocannon from 'autocannon';

const CONNECTIONS = 16;
/** Autocannon looks this often whether it is done. */
const SAMPLE_MS = 10;

const MAX_LATENCIES = 100_000;

const READS = ['/users/7', '/orders?page=2'];

/**
 * Three clients of a JSON interface: two that read, and one that writes. Each connection is one client's, as
 * connections are.
 */
export const CLIENTS: Clients = [
  readsOf({
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
    'accept-language': 'de-CH,de;q=0.8,en;q=0.5',
  }),
  readsOf({
    'user-agent':
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
    'accept-language': 'en-GB,en;q=0.9',
  }),
  [
    {
      method: 'POST',
      path: '/users',
      headers: { 'user-agent': 'curl/8.16.0', 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Ada Lovelace', email: 'ada@example.org' }),
    },
  ],
];

function readsOf(headers: Record<string, string>): autocannon.Request[] {
  return READS.map((path) => ({ method: 'GET', path, headers }));
}

/** Who sends requests: each connection takes the next client's list, and sends it over and over. */
export type Clients = readonly (readonly autocannon.Request[])[];

/** What a load of requests met with. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly latenciesMs: readonly number[];
}

/**
 * Sends requests over 16 connections, each as soon as the one before is answered.
 *
 * @param amount - how many; latencies are kept of the first 100,000
 * @param ratePerSecond - how many a second at most; without it, as many as are answered
 * @throws if any answer is not 2xx
 */
export async function sendRequests(
  url: string,
  amount: number,
  senders: Clients = CLIENTS,
  ratePerSecond?: number,
): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  let endedMs = startedMs;
  let clients = 0;
  const setupClient = (client: autocannon.Client): void => {
    client.setRequests([...(senders[clients % senders.length] ?? [])]);
    clients += 1;
  };
  const run = autocannon({
    url,
    amount,
    connections: CONNECTIONS,
    setupClient,
    sampleInt: SAMPLE_MS,
    ...(ratePerSecond !== undefined && { overallRate: ratePerSecond }),
  });
  // Autocannon's own histogram knows whole milliseconds only.
  (run as unknown as autocannon.Instance).on('response', (_client, _status, _bytes, latencyMs) => {
    endedMs = performance.now();
    if (latenciesMs.length < MAX_LATENCIES) latenciesMs.push(latencyMs);
  });
  const { non2xx, errors, '2xx': answered } = await run;
  if (non2xx + errors > 0 || answered !== amount) {
    throw new Error(`${url} answered ${answered} of ${amount} requests with 2xx; ${errors} had no answer.`);
  }
  return { requestsPerSecond: amount / ((endedMs - startedMs) / 1000), latenciesMs };
}
