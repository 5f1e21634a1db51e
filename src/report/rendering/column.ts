/** What a cell holds: null where there is nothing, undefined where it is not known. */
export type Cell = string | number | boolean | Date | null | undefined;

/** What a column is about, which says how people read it. */
export type ColumnKind =
  | 'text'
  | 'count'
  | 'change'
  | 'milliseconds'
  | 'bytes'
  | 'share'
  | 'moment'
  | 'day'
  | 'flag';

/** How a cell is stressed where there are colours. */
export type Tone = 'bad' | 'warning' | 'good' | 'faint';

/** A column of a report. */
export interface Column<Row> {
  /** How people read it. */
  readonly title: string;
  /** How programs read it: the name of the field. */
  readonly name: string;
  readonly kind: ColumnKind;
  readonly value: (row: Row) => Cell;
  /** What people read instead of the value. */
  readonly shown?: (row: Row) => Cell;
  readonly tone?: (row: Row) => Tone | null;
  /** `page` for people, `data` for programs. @default both */
  readonly only?: 'page' | 'data';
  /** How soon it is left out where a line is too short: 0 last, and 3 before any sentence is cut. @default 2 */
  readonly rank?: 0 | 1 | 2 | 3;
  /** The width that it keeps until others are left out, in characters. @default 12 for text, else all it needs */
  readonly least?: number;
  /** Whether it is a sentence of ours, which is cut only where columns of the last rank are gone already. @default false */
  readonly isSentence?: boolean;
}

/** A report as a table: its rows, and what stands above them. */
export interface Sheet<Row = never> {
  /** What the report rests on, in parts. */
  readonly headline: readonly string[];
  /** What else is to be known, a line each. */
  readonly notes: readonly string[];
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly timeZone: string;
  /** The moment that days are counted back from. */
  readonly asOf: Date;
}

/** Columns whose figures stand below each other. */
export function isNumeric(kind: ColumnKind): boolean {
  return kind !== 'text' && kind !== 'moment' && kind !== 'day' && kind !== 'flag';
}
