import { cellText } from '../../report/rendering/cell-text.js';
import { type Cell, type Column, type Sheet, isNumeric } from '../../report/rendering/column.js';
import { shortened } from '../../report/rendering/text-width.js';
import { grouped } from '../../report/words.js';
import { mappedInTurns, sortedInTurns } from '../../time/in-turns.js';
import type { Address } from '../address.js';
import { type Exact, type Html, html } from '../html.js';

/** The rows of a page. */
const PAGE_ROWS = 100;

/** The length of a cell beyond which it is cut; JSON and CSV have all of it. */
const CELL_WIDTH = 120;

/** The fields of rows that lead to another page. */
interface Linked {
  readonly service?: string;
  readonly serverName?: string;
  readonly method?: string;
  readonly route?: string | null;
  readonly username?: string | null;
  readonly topCaller?: string | null;
  readonly isOther?: boolean;
}

type AnyColumn = Column<never>;

/** How a sheet is shown as a table. */
export interface TableSettings {
  /** What the table is about, for those who cannot see where it stands. */
  readonly caption: string;
  /** The columns that are shown, by their names. @default all */
  readonly only?: readonly string[];
  /** What is drawn in a cell beside its text, by the names of columns. @default nothing */
  readonly drawn?: Readonly<Record<string, (row: never) => Html | null>>;
  /** A page that has all rows, where this one may have some. @default none */
  readonly all?: Exact;
}

/** How the rows of a table are sorted: by a column of this name. */
export interface Order {
  readonly sort: string | null;
  readonly isDown: boolean;
}

/** A part of a sheet's rows. */
interface Shown extends TableSettings {
  readonly first: number;
  /** @default not to be sorted */
  readonly order?: Order;
}

/** The first rows of a sheet as a table, whose endpoints and callers lead to their pages. The cells are those of the command line. */
export async function sheetTable(sheet: Sheet, address: Address, settings: TableSettings): Promise<Html> {
  const count = sheet.rows.length;
  const isCut = count > PAGE_ROWS;
  return html`${await tableOf(sheet, address, { ...settings, first: 0 })}
${isCut && html`<p class="more">${grouped(PAGE_ROWS)} of ${grouped(count)}</p>`}
${settings.all && html`<p class="more"><a href="${settings.all}">All of them</a></p>`}`;
}

/** All rows of a sheet as a table, a hundred a page, sorted as the address asks for. */
export async function sortedTable(
  sheet: Sheet,
  address: Address,
  { ordered, ...settings }: TableSettings & { readonly ordered?: Order | undefined },
): Promise<Html> {
  const sort = address.get('sort');
  const order =
    sort === null && ordered !== undefined ? ordered : { sort, isDown: address.get('order') !== 'up' };
  const sorted = await sortedSheet(sheet, order);
  const count = sheet.rows.length;
  const first = firstRow(address, count);
  return html`${await tableOf(sorted, address, { ...settings, first, order })}
${count > PAGE_ROWS && pager(address, first, count)}`;
}

async function tableOf(sheet: Sheet, address: Address, settings: Shown): Promise<Html> {
  const { caption, only, first, order } = settings;
  const columns = sheet.columns.filter(
    (column) => column.only !== 'data' && (only?.includes(column.name) ?? true),
  );
  const rows = await mappedInTurns(
    sheet.rows.slice(first, first + PAGE_ROWS),
    (row) =>
      html`<tr>${columns.map((column, index) => cellOf(column, row, { sheet, address, drawn: settings.drawn?.[column.name], isHead: index === 0 }))}</tr>\n`,
  );
  return html`<div class="table" tabindex="0" role="region" aria-label="${caption}">
<table>
<thead><tr>${columns.map((column) => headOf(column, order, address))}</tr></thead>
<tbody>${rows}</tbody>
</table>
</div>`;
}

function headOf({ name, title, kind }: AnyColumn, sorted: Order | undefined, address: Address): Html {
  const text = title.toLowerCase();
  const classes = isNumeric(kind) && html` class="number"`;
  if (sorted === undefined) return html`<th scope="col"${classes}>${text}</th>`;
  const isSorted = sorted.sort === name;
  const { isDown } = sorted;
  const order = isSorted ? (isDown ? 'up' : 'down') : isNumeric(kind) ? 'down' : 'up';
  const state = isSorted && html` aria-sort="${isDown ? 'descending' : 'ascending'}"`;
  const link = address.with({ sort: name, order, skip: null });
  return html`<th scope="col"${classes}${state}><a href="${link}">${text}</a></th>`;
}

/** What a cell is made with. */
interface CellSettings {
  readonly sheet: Sheet;
  readonly address: Address;
  readonly drawn: ((row: never) => Html | null) | undefined;
  /** Whether it tells what its row is about. */
  readonly isHead: boolean;
}

function cellOf(column: AnyColumn, row: never, { sheet, address, drawn, isHead }: CellSettings): Html {
  const cell = (column.shown ?? column.value)(row);
  const text = shortened(cellText(cell, column.kind, sheet, 'relative'), CELL_WIDTH);
  const tone = column.tone?.(row) ?? null;
  const classes = [kindClass(column), tone].filter((name) => name !== null);
  const attribute = classes.length > 0 && html` class="${classes.join(' ')}"`;
  const link = linkOf(column.name, row, address);
  // What strangers wrote may run from right to left, and must not turn the cells beside it.
  const shown = column.kind === 'text' ? html`<bdi>${text}</bdi>` : text;
  const content = html`${link === null ? shown : html`<a href="${link}">${shown}</a>`}${drawn?.(row)}`;
  return isHead ? html`<th scope="row"${attribute}>${content}</th>` : html`<td${attribute}>${content}</td>`;
}

function kindClass({ kind, isSentence, least }: AnyColumn): string | null {
  if (least === Infinity) return 'whole';
  if (isNumeric(kind)) return 'number';
  return kind === 'day' || kind === 'moment' ? 'date' : isSentence === true ? 'sentence' : null;
}

/** The page that a cell leads to; null for none. */
function linkOf(name: string, row: Linked, address: Address): Exact | null {
  const { service, serverName, method, route, username, topCaller } = row;
  if ((name === 'endpoint' || name === 'action') && method !== undefined && route != null)
    return address.to('endpoint', { method, route, of: service ?? serverName ?? null });
  const caller = name === 'username' ? username : name === 'topCaller' ? topCaller : null;
  return caller == null || row.isOther === true ? null : address.to('caller', { username: caller });
}

/** A sheet whose rows stand in an order, those without a value last. */
async function sortedSheet(sheet: Sheet, { sort, isDown }: Order): Promise<Sheet> {
  const column = sheet.columns.find(({ name }) => name === sort);
  if (column === undefined) return sheet;
  const sign = isDown ? -1 : 1;
  const valued = await mappedInTurns(sheet.rows, (row) => ({ row, value: column.value(row) }));
  const found = await sortedInTurns(valued, (one, other) => compare(one.value, other.value, sign));
  return { ...sheet, rows: found.map(({ row }) => row) };
}

function compare(one: Cell, other: Cell, sign: 1 | -1): number {
  if (one == null || other == null) return Number(one == null) - Number(other == null);
  if (typeof one === 'string' && typeof other === 'string')
    return one < other ? -sign : one > other ? sign : 0;
  return (Number(one) - Number(other)) * sign;
}

function firstRow(address: Address, count: number): number {
  const skip = Number(address.get('skip') ?? 0);
  return Number.isSafeInteger(skip) && skip > 0 && skip < count ? skip : 0;
}

function pager(address: Address, first: number, count: number): Html {
  const last = Math.min(first + PAGE_ROWS, count);
  const before =
    first > 0 &&
    html`<a rel="prev" href="${address.with({ skip: Math.max(0, first - PAGE_ROWS) })}">Previous</a>`;
  const next = last < count && html`<a rel="next" href="${address.with({ skip: last })}">Next</a>`;
  return html`<p class="pager">
${grouped(first + 1)} to ${grouped(last)} of ${grouped(count)} ${before} ${next}
</p>`;
}
