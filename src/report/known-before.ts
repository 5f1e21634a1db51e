import type { EndpointIdentity, RegisteredEndpoint } from '../endpoint/register.js';
import { type ReportScope, rowsOfService } from './report-source.js';

/**
 * Whether having no calls of an endpoint in the span before a report's means that there were none: its service was called then, and it
 * was not declared first in the span of the report.
 *
 * @param endpoint - null for all of the services
 * @param registered - what is registered of the endpoint
 * @param servicesBefore - the services that were called in the span before
 */
export function isKnownBefore(
  endpoint: EndpointIdentity | null,
  registered: RegisteredEndpoint | null,
  servicesBefore: ReadonlySet<string>,
  { window }: ReportScope,
): boolean {
  if (endpoint === null) return servicesBefore.size > 0;
  const isNew = registered !== null && registered.firstDeclared.getTime() >= window.startMs;
  return !isNew && servicesBefore.has(endpoint.service);
}

/** Asks which services were called in the span before. */
export async function askServicesBefore(scope: ReportScope): Promise<ReadonlySet<string>> {
  const { rows } = await scope.ask({ by: 'server', ...scope.before });
  return new Set(rowsOfService(scope, rows).map(({ service }) => service));
}
