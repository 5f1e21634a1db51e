import { V7Generator } from 'uuidv7';

/** How far the clock may be set back before ids follow it, in milliseconds; until then they keep growing. */
const ROLLBACK_ALLOWANCE_MS = 10_000;

/**
 * Makes the ids of records: UUIDv7 (RFC 9562), growing within one process also when several are made in one
 * millisecond.
 */
export class RecordIds {
  readonly #generator = new V7Generator();

  /** @param nowMs - the time of day, in milliseconds since 1970-01-01T00:00:00Z; fractions are ignored */
  next(nowMs: number): string {
    return this.#generator.generateOrResetCore(Math.trunc(nowMs), ROLLBACK_ALLOWANCE_MS).toString();
  }
}
