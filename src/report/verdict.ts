import type { RegisteredEndpoint } from '../endpoint/register.js';
import type { VerdictRules } from './report-options.js';
import type { ReportWindow } from './report-window.js';
import type { Verdict } from './report.js';
import { counted, dayText, grouped, share } from './words.js';

const DAY_MS = 86_400_000;

/** The reason under which requests are counted that sampling left out. */
const SAMPLED = 'sampled';

/** How an endpoint was called in a span of time. */
export interface EndpointCalls {
  /** All of them, also those of crawlers where a report does not count these. */
  readonly calls: number;
  readonly bots: number;
  readonly clientErrors: number;
  readonly serverErrors: number;
  /** Callers by name; null where they are not told. */
  readonly callers: number | null;
  /** The last call that is known, also before the span; null for none. */
  readonly lastCall: Date | null;
  /** Calls since no instance declares it any more. */
  readonly sinceGone: number;
}

/** All that a verdict rests on. */
export interface Evidence {
  /** What is known of the endpoint's declarations; null for nothing. */
  readonly registered: RegisteredEndpoint | null;
  readonly called: EndpointCalls;
  /** The service's records of the span. */
  readonly records: { readonly accepted: number; readonly lost: number };
  readonly window: Pick<ReportWindow, 'days' | 'untilMs' | 'periods'>;
  /** Whether reasons leave crawlers out where they count calls of an endpoint that is used. Verdicts never do. */
  readonly people: boolean;
  /** Whether the span's last day is not over, and no instance has told of it yet. */
  readonly isLastDayOpen: boolean;
  /** Whether retention has deleted nothing of the span. */
  readonly isFirstDayKnown: boolean;
}

/** A verdict, and why it is given. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: string;
}

/** Judges an endpoint by what is known of it. One that was called in the span is never `unused`. */
export function judge(evidence: Evidence, rules: VerdictRules): Judgement {
  const { registered, called } = evidence;
  if (registered !== null && !registered.isDeclared) return gone(registered, evidence);
  const found = called.calls > 0 ? judgeCalled(evidence) : judgeUncalled(evidence, rules);
  const isSilenced =
    found.verdict === 'unused' || found.verdict === 'bots-only' || found.verdict === 'fails-only';
  return isSilenced && registered !== null && registered.keep !== null
    ? { verdict: 'kept', reason: registered.keep }
    : found;
}

function gone(registered: RegisteredEndpoint, { called, window }: Evidence): Judgement {
  const { lastDeclared, lastVersion } = registered;
  const version = lastVersion === null ? '' : `, in version ${lastVersion}`;
  const since = `last declared ${dayText(lastDeclared, window.periods.timeZone)}${version}`;
  return called.sinceGone > 0
    ? { verdict: 'gone-still-called', reason: `${counted(called.sinceGone, 'call')} since; ${since}` }
    : { verdict: 'gone', reason: since };
}

function judgeCalled({ registered, called, window, people }: Evidence): Judgement {
  const { calls, bots, clientErrors, serverErrors, callers } = called;
  const deprecation = registered?.deprecation ?? null;
  const sunset = deprecation === null ? '' : `; ${sunsetText(deprecation.sunset, window.untilMs)}`;
  if (bots >= calls)
    return { verdict: 'bots-only', reason: `${counted(calls, 'call')}, by crawlers alone${sunset}` };
  if (clientErrors + serverErrors >= calls) {
    const kinds = [
      ...(clientErrors > 0 ? [`${grouped(clientErrors)} × 4xx`] : []),
      ...(serverErrors > 0 ? [`${grouped(serverErrors)} × 5xx`] : []),
    ];
    return { verdict: 'fails-only', reason: `${kinds.join(', ')}${sunset}` };
  }
  const by = callers === null ? 'callers not told' : counted(callers, 'caller');
  if (deprecation !== null)
    return { verdict: 'deprecated', reason: `${sunsetText(deprecation.sunset, window.untilMs)}, ${by}` };
  const now = registered?.tracked === false ? ', not tracked any more' : '';
  return { verdict: 'used', reason: `${counted(people ? calls - bots : calls, 'call')}, ${by}${now}` };
}

function judgeUncalled(evidence: Evidence, rules: VerdictRules): Judgement {
  const { registered } = evidence;
  if (registered === null) return { verdict: 'unwatched', reason: 'no build is known to declare it' };
  if (!registered.tracked) return { verdict: 'untracked', reason: 'requests to it are not recorded' };
  return (
    tooYoung(registered, evidence, rules) ??
    unwatched(registered, evidence, rules) ??
    sampled(registered) ?? { verdict: 'unused', reason: unusedText(registered, evidence) }
  );
}

function tooYoung(
  { trackedSince }: RegisteredEndpoint,
  { window }: Evidence,
  { minimumDays }: VerdictRules,
): Judgement | null {
  if (trackedSince === null) return null;
  const days = Math.max(0, Math.floor((window.untilMs - trackedSince.getTime()) / DAY_MS));
  return days < minimumDays
    ? { verdict: 'too-young', reason: `${days} of ${counted(minimumDays, 'day')}` }
    : null;
}

function unwatched(
  registered: RegisteredEndpoint,
  evidence: Evidence,
  { missingDays, lossTolerance }: VerdictRules,
): Judgement | null {
  const { service, watchedDays, skipped } = registered;
  const { accepted, lost } = evidence.records;
  const lossShare = lost / Math.max(accepted, lost, 1);
  // What sampling left out has a verdict of its own.
  const leftOut = Object.entries(skipped).filter(([name, count]) => count > 0 && name !== SAMPLED);
  const days = daysToWatch(registered, evidence);
  const reasons = [
    ...(days - watchedDays > missingDays || watchedDays === 0
      ? [`${watchedDays} of ${counted(days, 'day')} watched`]
      : []),
    ...(lossShare > lossTolerance ? [`${share(lossShare)} of the records of ${service} were lost`] : []),
    ...(leftOut.length > 0
      ? [`requests left out: ${leftOut.map(([reason, count]) => `${grouped(count)} × ${reason}`).join(', ')}`]
      : []),
  ];
  return reasons.length === 0 ? null : { verdict: 'unwatched', reason: reasons.join('; ') };
}

/** Days of the span since the endpoint is tracked: all of them, where it may have been tracked on some that nothing is known of. */
function daysToWatch({ trackedSince }: RegisteredEndpoint, evidence: Evidence): number {
  const { window, isLastDayOpen, isFirstDayKnown } = evidence;
  const sinceMs = isFirstDayKnown ? Number(trackedSince) : 0;
  return window.days.filter(({ endMs }) => endMs > sinceMs).length - Number(isLastDayOpen);
}

/**
 * What a sample without a call tells: of n calls, each recorded with the probability p, none is with (1 − p)ⁿ; where that is to be
 * 5 % at least, n is ln 0.05 / ln(1 − p) at most.
 */
function sampled({ lowestSampleRate: rate, skipped }: RegisteredEndpoint): Judgement | null {
  const leftOut = skipped[SAMPLED] ?? 0;
  if (leftOut > 0)
    return {
      verdict: 'sampled',
      reason: `no recorded call, and ${counted(leftOut, 'call')} left out by sampling`,
    };
  if (rate !== null && rate >= 1) return null;
  if (rate === null)
    return { verdict: 'sampled', reason: 'no recorded call, and a function decides what is recorded' };
  if (rate <= 0) return { verdict: 'sampled', reason: 'no recorded call, as none is recorded' };
  const most = Math.floor(Math.log(0.05) / Math.log1p(-rate));
  return {
    verdict: 'sampled',
    reason: `no recorded call at rate ${rate}: with 95 % certainty at most ${counted(most, 'call')}`,
  };
}

function unusedText(registered: RegisteredEndpoint, evidence: Evidence): string {
  const { called, window } = evidence;
  const days = daysToWatch(registered, evidence);
  const watched = Math.min(registered.watchedDays, days);
  const last = called.lastCall === null ? 'never' : dayText(called.lastCall, window.periods.timeZone);
  const { deprecation } = registered;
  const sunset = deprecation === null ? '' : `; ${sunsetText(deprecation.sunset, window.untilMs)}`;
  return `no call in ${watched} of ${days} watched days, last call ${last}${sunset}`;
}

/** Whole days until a moment, negative after it. */
export function daysUntil(date: Date, nowMs: number): number {
  const days = (date.getTime() - nowMs) / DAY_MS;
  return days < 0 ? Math.ceil(days) + 0 : Math.floor(days);
}

/** How far a sunset is, in words. */
export function sunsetText(sunset: Date | null, nowMs: number): string {
  if (sunset === null) return 'no sunset';
  const days = daysUntil(sunset, nowMs);
  if (sunset.getTime() <= nowMs) return days === 0 ? 'sunset today' : `sunset ${counted(-days, 'day')} ago`;
  return days === 0 ? 'sunset within a day' : `sunset in ${counted(days, 'day')}`;
}
