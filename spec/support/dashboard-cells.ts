/** A row of a report as JSON has it. */
export type JsonRow = Readonly<Record<string, unknown>>;

/** What the texts of dates depend on. */
type AsOf = string;

const DAY_MS = 86_400_000;

const count = (value: unknown): string =>
  value == null ? '–' : (Math.round(Number(value)) + 0).toLocaleString('en-US');
const words = (value: unknown): string => value as string;
const text = (value: unknown): string => (value == null ? '–' : words(value));
const flag = (value: unknown): string => (value === true ? 'yes' : 'no');
const milliseconds = (value: unknown): string => {
  if (value == null) return '–';
  return Number(value) < 10 ? `${Number(Number(value).toPrecision(2))} ms` : `${count(value)} ms`;
};
const bytes = (value: unknown): string => {
  const number = Number(value);
  if (number < 1000) return `${count(number)} B`;
  const thousands = number / 1000;
  return `${thousands < 10 ? thousands.toFixed(1) : count(thousands)} kB`;
};
const isoDay = (value: unknown): string => words(value).slice(0, 10);
const moment = (value: unknown): string => {
  const [day = '', time = ''] = words(value).split('T');
  return time.startsWith('00:00') ? day : `${day} ${time.slice(0, 5)}`;
};
const day = (value: unknown, asOf: AsOf): string => {
  if (value == null) return '–';
  const days = Math.floor(Date.parse(asOf) / DAY_MS) - Math.floor(Date.parse(words(value)) / DAY_MS);
  if (days < 0 || days > 30) return isoDay(value);
  return ['today', 'yesterday'][days] ?? `${days} days ago`;
};
const name = (value: unknown): string => (value == null ? '(nobody known)' : words(value));
const summed = (counts: unknown): string =>
  count(Object.values(counts as Record<string, number>).reduce((sum, one) => sum + one, 0));

const isUnknown = ({ verdict, calls }: JsonRow): boolean => verdict === 'untracked' && calls === 0;
const isUnseen = ({ isWatched, calls, bots }: JsonRow): boolean =>
  isWatched === false && calls === 0 && bots === 0;

/** How people read each column, by its title, written anew from the documentation. */
const CELLS: Readonly<Record<string, (row: JsonRow, asOf: AsOf) => string>> = {
  verdict: (row) => text(row['verdict']),
  service: (row) => text(row['service']),
  endpoint: ({ method, route }) => `${words(method).padEnd(4)} ${words(route)}`,
  calls: (row) => (isUnknown(row) || isUnseen(row) ? '?' : count(row['calls'])),
  '±%': ({ calls, before }) => {
    if (before == null || before === 0) return '–';
    const percent = ((Number(calls) - Number(before)) / Number(before)) * 100;
    return `${percent > 0 ? '+' : ''}${count(percent)}`;
  },
  callers: ({ callers, calls }) => {
    if (!Array.isArray(callers)) return calls === 0 ? '–' : count(callers);
    const names = (callers as JsonRow[]).map((one) => name(one['username']));
    const more = names.length - 3;
    const others = more > 0 ? [`${more} other${more === 1 ? '' : 's'}`] : [];
    return [...names.slice(0, 3), ...others].join(', ') || '–';
  },
  p50: (row) => milliseconds(row['p50Ms']),
  p95: (row) => milliseconds(row['p95Ms']),
  p99: (row) => milliseconds(row['p99Ms']),
  'last call': (row, asOf) =>
    isUnknown(row) ? '?' : row['lastCall'] == null ? 'never' : day(row['lastCall'], asOf),
  by: (row) => ('topCaller' in row ? text(row['topCaller']) : name(row['username'])),
  why: ({ reason, renamedTo, renamedFrom }) =>
    words(reason) +
    (renamedTo == null ? '' : `; renamed to ${words(renamedTo)}?`) +
    (renamedFrom == null ? '' : `; renamed from ${words(renamedFrom)}?`),
  caller: (row) => name(row['username']),
  endpoints: (row) => count(row['endpoints']),
  '4xx': (row) => count(row['clientErrors']),
  '5xx': (row) => count(row['serverErrors']),
  rate: (row) => `${Number((Number(row['errorRate']) * 100).toPrecision(2))} %`,
  aborted: (row) => count(row['aborted']),
  bots: (row) => count(row['bots']),
  in: (row) => bytes(row['requestBytes']),
  out: (row) => bytes(row['responseBytes']),
  start: (row) => moment(row['start']),
  since: (row, asOf) => day(row['since'], asOf),
  sunset: (row, asOf) => day(row['sunset'], asOf),
  'days left': (row) => count(row['daysToSunset']),
  'last week': ({ weeks }) => count((weeks as number[]).at(-1)),
  replacement: (row) => text(row['replacement']),
  remove: (row) => flag(row['isReadyToRemove']),
  'gone since': (row, asOf) => day(row['lastDeclared'], asOf),
  'last version': (row) => text(row['lastVersion']),
  'calls since': (row) => count(row['calls']),
  'renamed to?': (row) => text(row['renamedTo']),
  day: (row, asOf) => day(row['start'], asOf),
  watched: (row) => flag(row['isWatched']),
  instances: (row) => count(row['instances']),
  unclosed: (row) => count(row['unclosed']),
  records: (row) => count(row['accepted']),
  'as of': (row) => moment(row['asOf']),
  lost: (row) => summed(row['dropped']),
  'left out': (row) => summed(row['skipped']),
  date: (row) => words(row['date']).slice(0, 19).replace('T', ' '),
  request: ({ method, path }) => `${words(method)} ${words(path)}`,
  status: ({ status, aborted }) => `${text(status)}${aborted === true ? ' aborted' : ''}`,
  time: (row) => milliseconds(row['durationMs']),
  action: ({ controller, action, route }) =>
    [controller, action]
      .map(words)
      .filter((one) => one !== null)
      .join('.') || text(route),
};

/** The texts that a table with these titles has to have for a row of a report's JSON. */
export function cellsOf(titles: readonly string[], row: JsonRow, asOf: string): string[] {
  return titles.map((title) => {
    const cell = CELLS[title];
    if (cell === undefined) throw new Error(`No report has a column '${title}'.`);
    return cell(row, asOf);
  });
}
