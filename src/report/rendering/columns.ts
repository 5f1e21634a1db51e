import type { EndpointIdentity } from '../../endpoint/register.js';
import type { CallFigures, CallerCalls, Verdict } from '../report.js';
import { counted } from '../words.js';
import type { Cell, Column, ColumnKind, Tone } from './column.js';

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
    services.length > 1 ? [column('service', 'SERVICE', 'text', { only: 'page' })] : [];
  return [
    ...data<Row>('service', 'method', 'route'),
    ...several,
    {
      name: 'endpoint',
      title: 'ENDPOINT',
      kind: 'text',
      value: ({ method, route }) => `${method.padEnd(4)} ${route}`,
      only: 'page',
    },
  ];
}

/** The columns of calls, beside those of the span before. */
export function callColumns<Row extends Pick<CallFigures, 'calls' | 'before'>>(
  more: Partial<Column<Row>> = {},
): Column<Row>[] {
  return [
    column('calls', 'CALLS', 'count', more),
    ...data<Row>('before'),
    { name: 'change', title: '±%', kind: 'change', value: changeOf, only: 'page' },
  ];
}

/** What changed since the span before, in percent; null where that cannot be told. */
export function changeOf({ calls, before }: Pick<CallFigures, 'calls' | 'before'>): number | null {
  return before === null || before === 0 ? null : ((calls - before) / before) * 100;
}

/** The column of verdicts. */
export function verdictColumn<Row extends { readonly verdict: Verdict }>(): Column<Row> {
  return column('verdict', 'VERDICT', 'text', { tone: ({ verdict }) => TONES[verdict] ?? null });
}

/** The column of a last call. */
export function lastCallColumn<Row extends { readonly lastCall: Date | null }>(): Column<Row> {
  return column('lastCall', 'LAST CALL', 'day', { shown: ({ lastCall }) => lastCall ?? 'never' });
}

/** The columns of durations, and of a last call. */
export function durationColumns<Row extends CallFigures>(): Column<Row>[] {
  return [
    ...data<Row>('bots', 'p50Ms'),
    column('p95Ms', 'P95', 'milliseconds'),
    ...data<Row>('p99Ms'),
    lastCallColumn(),
  ];
}

/** The column of callers by name. */
export function callersColumn<
  Row extends { readonly callers: readonly CallerCalls[] | null },
>(): Column<Row> {
  return {
    name: 'callers',
    title: 'CALLERS',
    kind: 'text',
    value: ({ callers }) => callers && callers.map(({ username }) => nameOf(username)).join(', '),
    shown: ({ callers }) => (callers === null ? undefined : callers.length === 0 ? null : shortList(callers)),
  };
}

function shortList(callers: readonly CallerCalls[]): string {
  const names = callers.slice(0, NAMED_CALLERS).map(({ username }) => nameOf(username));
  const others = callers.length - names.length;
  return [...names, ...(others > 0 ? [counted(others, 'other')] : [])].join(', ');
}

/** How requests of nobody known are called. */
export function nameOf(username: string | null): string {
  return username ?? '(nobody known)';
}
