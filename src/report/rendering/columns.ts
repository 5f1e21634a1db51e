import type { EndpointIdentity } from '../../endpoint/register.js';
import type { CallFigures, CallerCalls, ReportBasis, Verdict } from '../report.js';
import { counted, grouped } from '../words.js';
import { cellText } from './cell-text.js';
import type { Cell, Column, ColumnKind, Tone } from './column.js';

/** The width that endpoints keep until other columns are left out, in characters. */
const ENDPOINT_WIDTH = 30;

/** Of two spans, the share of the days watched in one that has to be watched in the other, for a change to be told. */
const COMPARABLE_SHARE = 0.9;

/** Callers that are named in a cell. */
const NAMED_CALLERS = 3;

const TONES: Partial<Record<Verdict, Tone>> = {
  unused: 'bad',
  'bots-only': 'bad',
  'fails-only': 'bad',
  'gone-still-called': 'bad',
  sampled: 'warning',
  deprecated: 'warning',
  used: 'good',
  kept: 'faint',
  gone: 'faint',
  'too-young': 'faint',
  unwatched: 'faint',
  untracked: 'faint',
};

/** A column that both people and programs read. */
export function column<Row>(
  name: keyof Row & string,
  title: string,
  kind: ColumnKind,
  more: Partial<Column<Row>> = {},
): Column<Row> {
  return { name, title, kind, value: (row) => row[name] as Cell, ...more };
}

/** Fields that programs read, as they are. */
export function data<Row>(...names: readonly (keyof Row & string)[]): Column<Row>[] {
  return names.map((name) => column<Row>(name, name, 'text', { only: 'data' }));
}

/** The columns of what tells an endpoint from others; the service stands among them where there are several. */
export function endpointColumns<Row extends EndpointIdentity>(services: readonly string[]): Column<Row>[] {
  const several: Column<Row>[] =
    services.length > 1 ? [column('service', 'SERVICE', 'text', { only: 'page', rank: 1 })] : [];
  return [
    ...data<Row>('service', 'method', 'route'),
    ...several,
    {
      name: 'endpoint',
      title: 'ENDPOINT',
      kind: 'text',
      value: ({ method, route }) => `${method.padEnd(4)} ${route}`,
      only: 'page',
      rank: 0,
      least: ENDPOINT_WIDTH,
    },
  ];
}

/** The columns of calls, beside those of the span before. */
export function callColumns<Row extends Pick<CallFigures, 'calls' | 'before'>>(
  more: Partial<Column<Row>> = {},
): Column<Row>[] {
  return [
    column('calls', 'CALLS', 'count', { rank: 1, ...more }),
    ...data<Row>('before'),
    { name: 'change', title: '±%', kind: 'change', value: changeOf, only: 'page', rank: 3 },
  ];
}

/** What changed since the span before, in percent; null where that cannot be told. */
function changeOf({ calls, before }: Pick<CallFigures, 'calls' | 'before'>): number | null {
  return before === null || before === 0 ? null : ((calls - before) / before) * 100;
}

/** Whether about as many days were watched in the span before, without which a change says nothing of the calls. */
export function isComparable({
  watchedDays,
  watchedDaysBefore,
}: Pick<ReportBasis, 'watchedDays' | 'watchedDaysBefore'>): boolean {
  const [fewer = 0, more = 0] = [Number(watchedDays), Number(watchedDaysBefore)].toSorted((a, b) => a - b);
  return fewer >= more * COMPARABLE_SHARE;
}

/** The calls of the span before as people read them, with the change since then. */
export function beforeText(figures: Pick<CallFigures, 'calls' | 'before'>, report: ReportBasis): string {
  if (figures.before === null) return 'nothing known of the span before';
  const calls = `${grouped(figures.before)} in the span before`;
  if (!isComparable(report)) return `${calls}, watched on ${counted(report.watchedDaysBefore ?? 0, 'day')}`;
  const change = changeOf(figures);
  return change === null ? calls : `${calls} (${cellText(change, 'change', report, 'absolute')} %)`;
}

/** The column of verdicts. */
export function verdictColumn<Row extends { readonly verdict: Verdict }>(): Column<Row> {
  return column('verdict', 'VERDICT', 'text', {
    rank: 0,
    least: Infinity,
    tone: ({ verdict }) => TONES[verdict] ?? null,
  });
}

/** The column that says why. */
export function reasonColumn<Row extends { readonly reason: string }>(
  more: Partial<Column<Row>> = {},
): Column<Row> {
  return column('reason', 'WHY', 'text', { rank: 0, isSentence: true, ...more });
}

/** The column of how long almost all requests took at most. */
export function p95Column<Row extends Pick<CallFigures, 'p95Ms'>>(): Column<Row> {
  return column('p95Ms', 'P95', 'milliseconds', { rank: 3 });
}

/** The column of a last call. */
export function lastCallColumn<Row extends { readonly lastCall: Date | null }>(): Column<Row> {
  return column('lastCall', 'LAST CALL', 'day', { shown: ({ lastCall }) => lastCall ?? 'never' });
}

/** The columns of durations, and of a last call. */
export function durationColumns<Row extends CallFigures>(): Column<Row>[] {
  return [...data<Row>('bots', 'p50Ms'), p95Column(), ...data<Row>('p99Ms'), lastCallColumn()];
}

/** The column of who calls most; null for nobody known. */
export function topCallerColumn<Row extends { readonly topCaller: string | null }>(): Column<Row> {
  return column('topCaller', 'BY', 'text', {
    rank: 3,
    shown: ({ topCaller }) => (topCaller === null ? null : nameOf(topCaller)),
  });
}

/** The column of callers by name; programs read all of them with `; ` in between. */
export function callersColumn<
  Row extends { readonly callers: readonly CallerCalls[] | null },
>(): Column<Row> {
  return {
    name: 'callers',
    title: 'CALLERS',
    kind: 'text',
    rank: 1,
    value: ({ callers }) => callers && listOf(callers).join('; '),
    shown: ({ callers }) => (callers === null ? undefined : callers.length === 0 ? null : shortList(callers)),
  };
}

function shortList(callers: readonly CallerCalls[]): string {
  const names = listOf(callers.slice(0, NAMED_CALLERS));
  const others = callers.length - names.length;
  return [...names, ...(others > 0 ? [counted(others, 'other')] : [])].join(', ');
}

/** How requests of nobody known are called. */
const NOBODY = '(nobody known)';

/** Names that could be taken for words of ours, or of which nothing is seen where they begin or end. */
const DOUBTFUL = /^(?:\(nobody known\)|\(other\)|–|\?|\d+ others?|".*")$|^\s|\s$|^$/su;

/** How a caller is called: a name that could be taken for a word of ours stands in quotes. */
export function nameOf(username: string | null): string {
  if (username === null) return NOBODY;
  return DOUBTFUL.test(username) ? JSON.stringify(username) : username;
}

/** A list of names in one cell: one that has a comma stands in quotes. */
function listOf(callers: readonly CallerCalls[]): string[] {
  return callers.map(({ username }) => {
    const name = nameOf(username);
    return /[,;]/.test(name) && name === username ? JSON.stringify(name) : name;
  });
}
