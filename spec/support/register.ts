import { readRegister } from '../../src/endpoint/read-register.js';
import type { EndpointRegister, RegisteredEndpoint } from '../../src/endpoint/register.js';
import type { SummaryStore } from '../../src/storage/summary-store.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import type { Span } from '../../src/summary/periods.js';

/** All of the time that a register may be about. */
const EVER: Span = { startMs: 0, endMs: Date.parse('2100-01-01') };

/** Reads the register of a storage. */
export function readFrom(
  { register }: Pick<UsageStorage, 'register'>,
  span = EVER,
): Promise<EndpointRegister> {
  return readRegister(register as SummaryStore, span, new AbortController().signal);
}

/** The endpoints that a register says are declared now, such as `GET /users/:id`; those in brackets are not tracked. */
export async function declaredIn(storage: Pick<UsageStorage, 'register'>): Promise<string[]> {
  const { endpoints } = await readFrom(storage);
  const textOf = ({ method, route, tracked }: RegisteredEndpoint): string =>
    tracked ? `${method} ${route}` : `(${method} ${route})`;
  return endpoints.filter(({ isDeclared }) => isDeclared).map(textOf);
}
