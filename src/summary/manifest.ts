import { randomUUID } from 'node:crypto';
import type { SummaryRow, SummaryRowKind, SummaryStore } from '../storage/summary-store.js';
import { decode, encode } from './encoded.js';
import type { Span } from './periods.js';

/** The kinds of periods that are folded, the longest first. */
export const UNIT_KINDS = ['day', 'hour', 'slice'] as const;

export type UnitKind = (typeof UNIT_KINDS)[number];

/** A period whose rows count. */
export interface Unit extends Span {
  readonly kind: UnitKind;
  /** The fold that has made its rows. Rows of other folds for this period do not count. */
  readonly edition: string;
  /** The names of the dimensions that it was summed up by. */
  readonly dimensions: readonly string[];
}

/** The name of a unit among others. */
export function unitName({ kind, startMs }: Pick<Unit, 'kind' | 'startMs'>): string {
  return `${kind} ${startMs}`;
}

/** A unit whose rows are to be deleted, as others have taken their place. */
export interface Replaced extends Span {
  readonly kind: UnitKind;
  readonly edition: string;
  /** Since when it does not count, in milliseconds since 1970: readers that began before may still be about to read its rows. */
  readonly sinceMs: number;
}

/** Says which rows count. It is replaced as a whole. */
export interface Manifest {
  /** Grows by one with each change. */
  readonly generation: number;
  readonly timeZone: string;
  readonly units: readonly Unit[];
  readonly replaced: readonly Replaced[];
  /** The moment before which no process stores records any more, as they are to be deleted; null for none. */
  readonly sealedMs: number | null;
  /** The moment before which records may have been deleted, so that only units tell of them: never after `sealedMs`. Null for none. */
  readonly confirmedMs: number | null;
  /** Where rows of keys that name persons were deleted, the moment before which there are none; else null. */
  readonly anonymousMs: number | null;
}

/** A span of time of which records may be stored or deleted now (`writing`), or were since it was folded. */
export interface Mark extends Span {
  readonly id: string;
  readonly isWriting: boolean;
  /** When it was made, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** How long something may be on its way, in milliseconds. A process that has not said by then what became of its records counts as gone. */
const WRITER_MS = 86_400_000;

/** Whether nothing can arrive any more that a mark was made for. */
export function isPast({ sinceMs }: Mark, nowMs: number): boolean {
  return sinceMs <= nowMs - WRITER_MS;
}

/** The moment before which all that was marked is summed up, in milliseconds since 1970: where the oldest mark begins. */
export function foldedUntilMs(marks: readonly Mark[], nowMs: number): number {
  return Math.min(nowMs, ...marks.map(({ startMs }) => startMs));
}

/** The marks and the manifest. */
export interface Look {
  readonly marks: readonly Mark[];
  readonly manifest: Manifest | null;
}

const MANIFEST = 'manifest';

/** The time zones that stores are folded in by this process: until there is a manifest, questions are answered by them too. */
const zones = new WeakMap<SummaryStore, string>();

/** Notes in which time zone a store is folded. */
export function noteZone(store: SummaryStore, timeZone: string): void {
  zones.set(store, timeZone);
}

/** The time zone that was noted for a store. */
export function zoneOf(store: SummaryStore | null): string | undefined {
  return store === null ? undefined : zones.get(store);
}

/** A manifest in which nothing counts yet. */
export function emptyManifest(timeZone: string): Manifest {
  return {
    generation: 0,
    timeZone,
    units: [],
    replaced: [],
    sealedMs: null,
    confirmedMs: null,
    anonymousMs: null,
  };
}

/**
 * Reads marks and manifest. The marks come first: a fold takes a mark away only after its manifest is there, so a mark that is not
 * seen has left its trace in the manifest that is.
 */
export async function look(store: SummaryStore, signal: AbortSignal): Promise<Look> {
  const marks = await store.find({ kinds: ['writing', 'touched'] }, signal);
  return { marks: marks.map(markOf), manifest: await readManifest(store, signal) };
}

/** The manifests that were read last: there may be thousands of units, and each question looks twice. */
const lastRead = new WeakMap<SummaryStore, { readonly row: SummaryRow; readonly manifest: Manifest }>();

/** Reads the manifest; null if there is none. */
export async function readManifest(store: SummaryStore, signal: AbortSignal): Promise<Manifest | null> {
  const rows = await store.find({ kinds: [MANIFEST] }, signal);
  const row = newestOf(rows);
  if (row === null) return null;
  const last = lastRead.get(store);
  if (last?.row.id === row.id && last.row.data === row.data) return last.manifest;
  const manifest = manifestOf(row);
  lastRead.set(store, { row, manifest });
  return manifest;
}

function newestOf(rows: readonly SummaryRow[]): SummaryRow | null {
  return rows.reduce<SummaryRow | null>(
    (best, row) => (best === null || generationOf(row) > generationOf(best) ? row : best),
    null,
  );
}

function manifestOf(row: SummaryRow): Manifest {
  return { ...fromWire(decode(row.data) as Wire), generation: generationOf(row) };
}

/**
 * Puts a manifest in the place of the one before it, of which it has the generation. Adding a row whose id is taken fails on every
 * engine, so that of several processes one alone succeeds. A process that was stopped for long may find the id free again, as
 * manifests are deleted; then there is a later one, which knows nothing of its rows. Whether a row was added is seen by what is
 * there: a client may send a statement again whose answer was lost.
 *
 * @returns false if another process was faster: then nothing has changed
 */
export async function publish(
  store: SummaryStore,
  manifest: Manifest,
  edition: string,
  signal: AbortSignal,
): Promise<boolean> {
  const id = `${MANIFEST}.${manifest.generation + 1}`;
  const data = encode(toWire(manifest));
  const row = { id, kind: MANIFEST, dimension: '-', startMs: 0, endMs: 0, edition, data } as const;
  await store.insert([row], signal);
  const rows = await store.find({ kinds: [MANIFEST] }, signal);
  const isOurs = (other: SummaryRow): boolean => other.id === id && other.edition === edition;
  const newest = newestOf(rows);
  const isNewest = newest !== null && isOurs(newest);
  const gone = rows.filter((other) => (isNewest ? other !== newest : isOurs(other)));
  if (gone.length > 0) await store.delete({ ids: gone.map((other) => other.id) }, signal);
  return isNewest || (newest !== null && isFollowing(newest, edition));
}

/** Whether a manifest was made of one that had rows of an edition. */
function isFollowing(row: SummaryRow, edition: string): boolean {
  const { units, replaced } = manifestOf(row);
  return [...units, ...replaced].some((unit) => unit.edition === edition);
}

/** The row of a mark. */
export function rowOfMark(mark: Mark, edition: string): SummaryRow {
  const { id, startMs, endMs, isWriting, sinceMs } = mark;
  const kind: SummaryRowKind = isWriting ? 'writing' : 'touched';
  return { id, kind, dimension: '-', startMs, endMs, edition, data: String(sinceMs) };
}

/** The row of a mark that says that records of a span were stored or deleted. */
export function touchedRow({ startMs, endMs }: Span, edition: string, nowMs: number): SummaryRow {
  return rowOfMark({ id: randomUUID(), startMs, endMs, isWriting: false, sinceMs: nowMs }, edition);
}

/** The row that says of a span: an attempt to store records of it has failed, and may arrive all the same. */
export function unsureRow(span: Span, edition: string, nowMs: number): SummaryRow {
  return { ...touchedRow(span, edition, nowMs), kind: 'unsure' };
}

/** The row that tells of rows of an edition which do not count yet. */
export function foldRow(edition: string, nowMs: number): SummaryRow {
  return {
    id: `fold.${edition}`,
    kind: 'fold',
    dimension: '-',
    startMs: nowMs,
    endMs: nowMs,
    edition,
    data: '-',
  };
}

/** Units that count no more. */
export function replacedUnits(units: readonly Unit[], sinceMs: number): Replaced[] {
  return units.map(({ kind, startMs, endMs, edition }) => ({ kind, startMs, endMs, edition, sinceMs }));
}

/** The mark that a row stands for. */
export function markOf({ id, kind, startMs, endMs, data }: SummaryRow): Mark {
  return { id, startMs, endMs, isWriting: kind === 'writing', sinceMs: Number(data) };
}

function generationOf({ id }: SummaryRow): number {
  return Number(id.slice(MANIFEST.length + 1));
}

/** Units as lists of numbers: there may be thousands, and each change writes all of them. */
interface Wire extends Omit<Manifest, 'units' | 'replaced'> {
  readonly editions: readonly string[];
  /** The names of dimensions that units were summed up by, with spaces between them. */
  readonly dimensions: readonly string[];
  /** Their own numbers are places in the list of dimensions. */
  readonly units: readonly UnitNumbers[];
  /** Their own numbers are moments. */
  readonly replaced: readonly UnitNumbers[];
}

/** A unit, or what was one, with the place of its edition and a number of its own. */
type UnitNumbers = readonly [kind: number, startMs: number, lengthMs: number, edition: number, own: number];

function toWire({ units, replaced, ...rest }: Manifest): Wire {
  const editions = placesOf([...units, ...replaced].map(({ edition }) => edition));
  const dimensions = placesOf(units.map(namesOf));
  const numbersOf = ({ kind, startMs, endMs, edition }: Unit | Replaced, own: number): UnitNumbers => [
    UNIT_KINDS.indexOf(kind),
    startMs,
    endMs - startMs,
    editions.get(edition) as number,
    own,
  ];
  return {
    ...rest,
    units: units.map((unit) => numbersOf(unit, dimensions.get(namesOf(unit)) as number)),
    replaced: replaced.map((unit) => numbersOf(unit, unit.sinceMs)),
    editions: [...editions.keys()],
    dimensions: [...dimensions.keys()],
  };
}

function fromWire({ editions, dimensions, units, replaced, ...rest }: Wire): Manifest {
  const lists = dimensions.map((names) => (names === '' ? [] : names.split(' ')));
  const unitOf = ([kind, startMs, lengthMs, edition]: UnitNumbers): Omit<Unit, 'dimensions'> => ({
    kind: UNIT_KINDS[kind] as UnitKind,
    startMs,
    endMs: startMs + lengthMs,
    edition: editions[edition] as string,
  });
  return {
    ...rest,
    units: units.map((numbers) =>
      Object.assign(unitOf(numbers), { dimensions: lists[numbers[4]] as readonly string[] }),
    ),
    replaced: replaced.map((numbers) => Object.assign(unitOf(numbers), { sinceMs: numbers[4] })),
  };
}

function namesOf({ dimensions }: Unit): string {
  return dimensions.join(' ');
}

/** Values, each once, and their places in the list of them. */
function placesOf(values: readonly string[]): ReadonlyMap<string, number> {
  return new Map([...new Set(values)].map((value, place) => [value, place]));
}
