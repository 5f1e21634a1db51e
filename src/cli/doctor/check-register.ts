import type { EndpointRegister, WatchedDay } from '../../endpoint/register.js';
import { type Finding, fault, fine, hint } from './finding.js';

/** A tracker tells of itself every hour; after so long a silence none seems to run, in milliseconds. */
const PATIENCE_MS = 2 * 3_600_000;

/** Names that minifiers give to classes. */
const MINIFIED = /^[a-z_$][\w$]?$/i;

/** What the register of endpoints says of the last days: trackers, losses, and names. */
export function checkRegister({ endpoints, days }: EndpointRegister, nowMs: number): Finding[] {
  if (endpoints.length === 0)
    return [
      hint(
        'No tracker has told which endpoints there are, so that nobody can say which are not called',
        null,
        'Start the application with this version of koa-track-usage.',
      ),
    ];
  return [...checkTrackers(endpoints, nowMs), ...checkNames(endpoints), ...checkLosses(days)];
}

function checkTrackers(endpoints: EndpointRegister['endpoints'], nowMs: number): Finding[] {
  return [...Map.groupBy(endpoints, ({ service }) => service)].map(([service, declared]) => {
    const lastMs = Math.max(...declared.map(({ lastDeclared }) => lastDeclared.getTime()));
    if (nowMs - lastMs <= PATIENCE_MS) return fine('A tracker runs', service);
    return fault(
      `No tracker has been seen since ${new Date(lastMs).toJSON()}`,
      service,
      'Start the application. If it runs, see its log: its tracker cannot write, or writes elsewhere.',
    );
  });
}

function checkNames(endpoints: EndpointRegister['endpoints']): Finding[] {
  const controllers = endpoints
    .filter(({ isDeclared }) => isDeclared)
    .map(({ controller }) => controller ?? '');
  const minified = [...new Set(controllers.filter((name) => MINIFIED.test(name)))];
  if (minified.length === 0) return [];
  return [
    hint(
      `Controllers have names such as a minifier gives: ${minified.join(', ')}`,
      null,
      'Keep the names of classes (keep_classnames of Terser, --keep-names of esbuild), or name the controllers: ' +
        "@TrackedController({ name: 'users' }).",
    ),
  ];
}

function checkLosses(days: readonly WatchedDay[]): Finding[] {
  return [...Map.groupBy(days, ({ service }) => service)].flatMap(([service, watched]) => {
    const dropped = new Map<string, number>();
    for (const [reason, count] of watched.flatMap((day) => Object.entries(day.dropped)))
      dropped.set(reason, (dropped.get(reason) ?? 0) + count);
    const lost = [...dropped].filter(([, count]) => count > 0).map(([reason, count]) => `${count} ${reason}`);
    const unclosed = watched.reduce((sum, day) => sum + day.unclosed, 0);
    const losses =
      lost.length === 0
        ? fine('No records were lost in the last days', service)
        : fault(
            `Records were lost in the last days: ${lost.join(', ')}`,
            service,
            'docs/operations.md says what each reason means; a spool keeps records while a database is away.',
          );
    if (unclosed === 0) return [losses];
    const advice =
      'Close the tracker when the process ends (handleSignals), so that what is queued is stored.';
    return [losses, hint(`${unclosed} processes ended without closing their tracker`, service, advice)];
  });
}
