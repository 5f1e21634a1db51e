import type { EndpointIdentity } from '../../endpoint/register.js';

/** How an endpoint is called. */
export function endpointText({ method, route }: Pick<EndpointIdentity, 'method' | 'route'>): string {
  return `${method} ${route}`;
}
