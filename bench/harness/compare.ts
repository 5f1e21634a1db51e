import { type Clients, sendRequests } from './load.js';
import { type ServerProcess, withServers } from './server-process.js';
import { quantile, shuffled } from './statistics.js';

/** How much is measured. */
export interface Plan {
  /** How often the processes are started anew: two of the same program may differ for as long as they live. */
  readonly sittings: number;
  /** Rounds a sitting; every variant has one slice in each. */
  readonly rounds: number;
  readonly requestsPerSlice: number;
  /** Slices that each variant has before anything is measured. */
  readonly warmUpSlices: number;
  /**
   * Makes the clients of one slice, the same for every variant; left out for those that all benchmarks share. The slices that
   * warm up are numbered from 0; of the others, the number is null.
   */
  readonly drawClients?: (requests: number, warmUp: number | null) => Clients;
}

/** What one variant needed for its requests in one round. */
export interface Slice {
  /** CPU time of the server process, deferred work included. */
  readonly cpuUsPerRequest: number;
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
}

/** The slices of one round, by variant. */
export type Round<Name extends string> = Readonly<Record<Name | typeof CONTROL, Slice>>;

/** The rounds of the same processes. */
export type Sitting<Name extends string> = readonly Round<Name>[];

/** The name of the second process of the first variant. */
export const CONTROL = 'control';

/**
 * Runs variants in processes of their own, which take turns in an order that is drawn anew in every round. The
 * first variant runs in two processes: how much these differ is how much the benchmark can be wrong.
 */
export async function compare<Name extends string>(
  variants: readonly [Name, ...Name[]],
  plan: Plan,
): Promise<Sitting<Name>[]> {
  const sittings: Sitting<Name>[] = [];
  while (sittings.length < plan.sittings) sittings.push(await sit(variants, plan));
  return sittings;
}

async function sit<Name extends string>(
  variants: readonly [Name, ...Name[]],
  plan: Plan,
): Promise<Sitting<Name>> {
  return withServers([...variants, variants[0]], async (servers) => {
    const names = [...variants, CONTROL];
    const runners = servers.map((server, index) => ({ name: String(names[index]), server }));
    for (let slice = 0; slice < plan.warmUpSlices; slice += 1) {
      const clients = plan.drawClients?.(plan.requestsPerSlice, slice);
      for (const { server } of runners) await takeSlice(server, plan.requestsPerSlice, clients);
    }
    const rounds: Round<Name>[] = [];
    for (let round = 0; round < plan.rounds; round += 1) {
      const slices: Record<string, Slice> = {};
      const clients = plan.drawClients?.(plan.requestsPerSlice, null);
      for (const { name, server } of shuffled(runners)) {
        slices[name] = await takeSlice(server, plan.requestsPerSlice, clients);
      }
      rounds.push(slices as Round<Name>);
    }
    return rounds;
  });
}

async function takeSlice(server: ServerProcess, requests: number, clients?: Clients): Promise<Slice> {
  const before = await server.read();
  const { requestsPerSecond, latenciesMs } = await sendRequests(server.url, requests, clients);
  const after = await server.read();
  return {
    cpuUsPerRequest: (after.cpuUs - before.cpuUs) / requests,
    requestsPerSecond,
    p99Ms: quantile(latenciesMs, 0.99),
  };
}
