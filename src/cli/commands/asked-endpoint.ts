import type { EndpointIdentity } from '../../endpoint/register.js';
import type { UsageReports } from '../../report/usage-reports.js';
import { wrongUsage } from '../failure.js';
import { nearest } from '../nearest.js';
import type { Span } from './report-command.js';

/**
 * The endpoint that a call names, where instances have declared it or requests were recorded of it. A slash at its end is left out, as the
 * router does.
 *
 * @throws {CliError} if nothing is known of such an endpoint
 */
export async function askedEndpoint(
  command: string,
  reports: UsageReports,
  span: Span,
  { method, route }: Pick<EndpointIdentity, 'method' | 'route'>,
): Promise<Pick<EndpointIdentity, 'method' | 'route'>> {
  const { endpoints } = await reports.endpoints(span);
  const names = [...new Set(endpoints.map((one) => `${one.method} ${one.route}`))];
  const asked = { method: method.toUpperCase(), route: route.replace(/(?<=.)\/+$/, '') };
  // Requests by HEAD are counted with those by GET, and an endpoint for all methods has all of them.
  const methods = [asked.method, 'ALL', ...(asked.method === 'HEAD' ? ['GET'] : [])];
  if (methods.some((one) => names.includes(`${one} ${asked.route}`))) return asked;
  const offered = nearest(`${asked.method} ${asked.route}`, names);
  const advice = offered.length === 0 ? 'none is known at all' : `did you mean ${offered.join(', or ')}?`;
  throw wrongUsage(`${command}: there is no endpoint ${asked.method} ${asked.route}; ${advice}`);
}
