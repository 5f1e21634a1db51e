import type { ColumnProperty } from '../../record/columns.js';
import type { UsageRecord } from '../../record/usage-record.js';
import type { UsagePosition } from '../../storage/usage-cursor.js';
import type { Sums } from '../../summary/sums.js';

/** Sums up rows that come as lists of values, without making records of them. */
export class RowSums {
  readonly #sums: Sums;
  readonly #names: readonly string[];
  readonly #isOfAgent: readonly boolean[];
  /** One object for all rows: of a record, neither keys nor figures keep anything but texts and numbers. */
  readonly #record: Record<string, unknown>;
  readonly #userAgent: Record<string, unknown> = {};
  #count = 0;

  /** @param columns - which of a record's properties the values of a row are: the date in milliseconds since 1970 */
  constructor(sums: Sums, columns: readonly ColumnProperty[]) {
    this.#sums = sums;
    this.#isOfAgent = columns.map((property) => /^ua[A-Z]/.test(property));
    this.#names = columns.map((property, index) =>
      this.#isOfAgent[index] === true ? `${property.charAt(2).toLowerCase()}${property.slice(3)}` : property,
    );
    this.#record = { userAgent: this.#userAgent };
  }

  /** Adds a row. */
  add(values: readonly unknown[]): void {
    const record = this.#record;
    for (let index = 0; index < this.#names.length; index += 1)
      (this.#isOfAgent[index] === true ? this.#userAgent : record)[this.#names[index] as string] =
        values[index];
    if (typeof record['ipInfo'] === 'string') record['ipInfo'] = JSON.parse(record['ipInfo']);
    this.#sums.add(record as unknown as UsageRecord, Math.floor(Number(record['date'])));
    this.#count += 1;
  }

  /** How many rows there were, and the last one. */
  get summed(): { readonly count: number; readonly last: UsagePosition | null } {
    const { id, date } = this.#record;
    const last = { id: String(id), date: new Date(Math.floor(Number(date))) };
    return { count: this.#count, last: this.#count === 0 ? null : last };
  }
}
