import type { RemovalReport, RemovalRow, Verdict } from '../../report/report.js';
import { dayText } from '../../report/words.js';

/**
 * What a check makes of an endpoint that a build takes away. `needed`: somebody calls it, or has said that it stays. `unclear`: nobody can
 * tell yet. `accepted`: it is taken away on purpose. `free`: it is not missed.
 */
export type Finding = 'needed' | 'unclear' | 'accepted' | 'free';

/** An endpoint that a build takes away. Who calls it is left out: the output of CI is kept where no erasure reaches. */
export interface CheckedRow extends Omit<RemovalRow, 'callers'> {
  readonly finding: Finding;
  /** Callers by name; null where they are not told. */
  readonly callers: number | null;
}

/** What is held against the endpoints that instances declare. */
export interface CheckedRemoval extends Omit<RemovalReport, 'removal'> {
  readonly removal: readonly CheckedRow[];
  /** What else is to be known, a sentence each. */
  readonly notes: readonly string[];
}

const FINDINGS: Readonly<Record<Verdict, Exclude<Finding, 'accepted'>>> = {
  used: 'needed',
  deprecated: 'needed',
  kept: 'needed',
  sampled: 'unclear',
  'too-young': 'unclear',
  untracked: 'unclear',
  unwatched: 'unclear',
  unused: 'free',
  'bots-only': 'free',
  'fails-only': 'free',
  gone: 'free',
  'gone-still-called': 'free',
};

/** An order in which those come first that somebody has to see to. */
const ORDER: readonly Finding[] = ['needed', 'unclear', 'accepted', 'free'];

/**
 * Judges every endpoint that a build takes away.
 *
 * @param accepted - endpoints that are taken away on purpose, such as `GET /users/:id`
 * @param notes - what else is to be known
 */
export function judgeRemoval(
  report: RemovalReport,
  accepted: readonly string[],
  notes: readonly string[],
): CheckedRemoval {
  const names = accepted.map(normalized);
  const rows = report.removal.map((row): CheckedRow => {
    const { callers, ...others } = row;
    const finding = names.includes(nameOf(row)) ? 'accepted' : FINDINGS[row.verdict];
    return {
      finding,
      ...others,
      callers: callers && callers.filter(({ username }) => username !== null).length,
    };
  });
  const removed = new Set(rows.map(nameOf));
  const needless = names
    .filter((name) => !removed.has(name))
    .map((name) => `--accept names ${name}, which is not taken away: it can be left out.`);
  return {
    ...report,
    notes: [...notes, ...needless],
    removal: rows.toSorted((one, other) => ORDER.indexOf(one.finding) - ORDER.indexOf(other.finding)),
  };
}

/** An endpoint as people write it. */
export function nameOf({ method, route }: Pick<CheckedRow, 'method' | 'route'>): string {
  return `${method} ${route}`;
}

function normalized(name: string): string {
  const [method = '', ...route] = name.trim().split(/\s+/);
  return `${method.toUpperCase()} ${route.join(' ')}`;
}

/** What a check makes of an endpoint, in one sentence. */
export function sentenceOf(row: CheckedRow, timeZone: string): string {
  const { change, renamedTo, verdict, reason, lastCall } = row;
  const what = change === 'renamed' ? `seems to be renamed to ${renamedTo}` : 'is removed';
  const last = lastCall === null ? '' : `, last call ${dayText(lastCall, timeZone)}`;
  return `${nameOf(row)} ${what}: ${verdict}, ${reason}${reason.includes('last call') ? '' : last}.`;
}

/** What came out, in one sentence. */
export function conclusionOf({ removal }: CheckedRemoval): string {
  if (removal.length === 0) return 'This build removes and renames no endpoint.';
  const [needed, unclear] = (['needed', 'unclear'] as const).map(
    (finding) => removal.filter((row) => row.finding === finding).length,
  );
  const of = `of ${removal.length} that this build removes or renames`;
  if (needed) return `Endpoints that are needed: ${needed} ${of}.`;
  return unclear
    ? `Endpoints of which nobody can tell yet whether they are needed: ${unclear} ${of}.`
    : `Endpoints that are needed: none ${of}.`;
}
