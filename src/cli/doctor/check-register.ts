import { readRegister } from '../../endpoint/read-register.js';
import type { EndpointRegister, WatchedDay } from '../../endpoint/register.js';
import { daysOf, watchesOf } from '../../endpoint/register-rows.js';
import type { SummaryStore } from '../../storage/summary-store.js';
import type { Span } from '../../summary/periods.js';
import { type Finding, fault, fine, hint } from './finding.js';

/** A tracker tells of itself every hour; after so long a silence none seems to run, in milliseconds. */
const PATIENCE_MS = 2 * 3_600_000;

/** Names that minifiers give to classes. */
const MINIFIED = /^[a-z_$][\w$]?$/i;

/** The last that was heard of a service's trackers. */
interface LastSign {
  readonly lastMs: number;
  /** Whether all have closed that were there then. */
  readonly isClosed: boolean;
}

/**
 * What the register of endpoints says of the last days: trackers, losses, and names.
 *
 * @param span - the last days, up to now
 */
export async function checkRegister(
  store: SummaryStore,
  span: Span,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { endpoints, days } = await readRegister(store, span, signal);
  if (endpoints.length === 0)
    return [
      hint(
        'No tracker has told which endpoints there are, so that nobody can say which are not called',
        null,
        'Start the application with this version of koa-track-usage.',
      ),
    ];
  const signs = await lastSigns(store, signal);
  return [...checkTrackers(signs, span.endMs), ...checkNames(endpoints), ...checkLosses(days)];
}

/** The last signs of life of trackers, by service. */
async function lastSigns(store: SummaryStore, signal: AbortSignal): Promise<Map<string, LastSign>> {
  const days = await daysOf(await store.find({ kinds: ['watch'] }, signal), signal);
  const watches = days.flatMap((day) =>
    watchesOf(day).map(({ service, untilMs, instances, closed }) => {
      // A tracker that goes on has told its last of a day when that ends.
      return { service, untilMs, isClosed: closed >= instances && untilMs < day.endMs };
    }),
  );
  const signs = new Map<string, LastSign>();
  for (const [service, told] of Map.groupBy(watches, (watch) => watch.service)) {
    const lastMs = Math.max(...told.map(({ untilMs }) => untilMs));
    const alive = told.filter(({ untilMs }) => untilMs >= lastMs - PATIENCE_MS);
    signs.set(service, { lastMs, isClosed: alive.every(({ isClosed }) => isClosed) });
  }
  return signs;
}

function checkTrackers(signs: ReadonlyMap<string, LastSign>, nowMs: number): Finding[] {
  return [...signs].map(([service, { lastMs, isClosed }]) => {
    const seen = `${new Date(lastMs).toJSON()}${isClosed ? ', when it closed' : ''}`;
    if (nowMs - lastMs <= PATIENCE_MS) return fine(`A tracker was last heard of at ${seen}`, service);
    return fault(
      `No tracker has been heard of since ${seen}`,
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
    return [
      losses,
      hint(
        `${unclosed === 1 ? 'A process' : `${unclosed} processes`} ended without closing the tracker`,
        service,
        advice,
      ),
    ];
  });
}
