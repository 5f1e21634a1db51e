import type { EndpointIdentity } from '../endpoint/register.js';
import { TrackUsageError } from '../errors.js';
import { type StudiedEndpoint, studyEndpoints } from './endpoint-study.js';
import { type Renamable, findRenames, newNameOf } from './renames.js';
import { type BuiltRoute, RemovalOptions, readReportOptions } from './report-options.js';
import { type ReportSource, openReport } from './report-source.js';
import type { RemovalReport, RemovalRow } from './report.js';

/**
 * Says which endpoints a build takes away that instances declare now, and who would miss them.
 *
 * @throws {TrackUsageError} `INVALID_QUERY` if an option is unknown or cannot be used, or several services are known and none is given
 */
export async function removalReport(source: ReportSource, options: RemovalOptions): Promise<RemovalReport> {
  const subject = 'removal';
  const settings = readReportOptions(subject, RemovalOptions, options);
  const scope = await openReport(source, subject, settings);
  const known = new Set((scope.register?.endpoints ?? []).map(({ service }) => service));
  if (known.size > 1)
    throw new TrackUsageError(
      'INVALID_QUERY',
      `${subject}: there are the services ${[...known].toSorted().join(', ')}; give 'service'.`,
    );
  const { basis, endpoints } = await studyEndpoints(scope, settings);
  const declared = endpoints.filter(({ registered }) => registered?.isDeclared === true).map(renamableOf);
  const service = declared[0]?.service ?? '';
  const routes = settings.routes.map(({ method, route, controller, action }): Renamable => {
    return { service, method, route, controller, action };
  });
  const removed = declared.filter((one) => !routes.some((route) => takesPlaceOf(route, one)));
  const added = routes.filter((route) => !declared.some((one) => isSame(one, route)));
  const renames = new Map(findRenames(removed, added).map(({ from, to }) => [from, newNameOf(from, to)]));
  const removal = removed.map((one) => rowOf(one.studied, renames.get(one) ?? null));
  return { ...basis, removal: removal.toSorted((one, other) => other.calls - one.calls) };
}

function renamableOf(studied: StudiedEndpoint): Renamable & { readonly studied: StudiedEndpoint } {
  const { identity, controller, action } = studied;
  return { ...identity, controller, action, studied };
}

function rowOf(studied: StudiedEndpoint, renamedTo: string | null): RemovalRow {
  const { identity, verdict, reason, calls, callers, lastCall } = studied;
  const change = renamedTo === null ? 'removed' : 'renamed';
  return { ...identity, change, renamedTo, verdict, reason, calls, callers, lastCall };
}

function isSame(one: BuiltRoute, other: BuiltRoute): boolean {
  return one.method === other.method && one.route === other.route;
}

/** Whether requests to an endpoint are answered by a route. */
function takesPlaceOf(route: BuiltRoute, endpoint: EndpointIdentity): boolean {
  const methods = endpoint.method === 'HEAD' ? ['HEAD', 'GET', 'ALL'] : [endpoint.method, 'ALL'];
  return route.route === endpoint.route && methods.includes(route.method);
}
