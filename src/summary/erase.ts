import { randomUUID } from 'node:crypto';
import type { SummaryRow, SummaryStore } from '../storage/summary-store.js';
import type { UsagePerson } from '../storage/usage-person.js';
import { TurnBudget } from '../time/turn-budget.js';
import { type Key, blockOf, withoutKeys } from './blocks.js';
import { DIMENSION_NAMES, dimensionOf } from './dimensions.js';
import {
  type Manifest,
  UNIT_KINDS,
  type Unit,
  foldRow,
  look,
  publish,
  replacedUnits,
  touchedRow,
} from './manifest.js';

/** How often the manifest is changed while other processes change it. */
const ATTEMPTS = 20;

/** What was erased from summaries. */
export interface SummaryErasure {
  /** Periods whose rows held the person. */
  readonly periods: number;
  /** Where records were deleted by retention, the moment before which totals still contain the person's requests; else null. */
  readonly sealedUntil: Date | null;
}

/**
 * Erases a person from summaries, after the person's records were deleted. Periods that can be summed up again are dropped, and marked
 * to be; those that are sealed lose the rows of the person's keys. The manifest is changed in any case: a fold that has read the records
 * before is late then.
 *
 * @throws an error if other processes change the manifest all the time
 */
export async function eraseFromSummaries(
  store: SummaryStore,
  person: UsagePerson,
  signal: AbortSignal,
): Promise<SummaryErasure> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { manifest } = await look(store, signal);
    if (manifest === null) return { periods: 0, sealedUntil: null };
    const erasure = new Erasure(store, person, manifest, signal);
    const periods = await erasure.run();
    if (periods !== null)
      return { periods, sealedUntil: manifest.confirmedMs === null ? null : new Date(manifest.confirmedMs) };
  }
  throw new Error(
    `Summaries were changed ${ATTEMPTS} times while somebody was erased from them. Erase again.`,
  );
}

/** One attempt at erasing. */
class Erasure {
  readonly #store: SummaryStore;
  readonly #isOf: (dimension: string, key: Key) => boolean;
  readonly #manifest: Manifest;
  readonly #signal: AbortSignal;
  readonly #edition = randomUUID();

  constructor(store: SummaryStore, person: UsagePerson, manifest: Manifest, signal: AbortSignal) {
    this.#store = store;
    this.#manifest = manifest;
    this.#signal = signal;
    const [[field, name] = []] = Object.entries(person) as [string, string][];
    this.#isOf = (dimension, key) => {
      const { parts = [dimension], isPersonal = true } = dimensionOf(dimension) ?? {};
      // The key of a personal dimension of the application's own may be the name as it is.
      const place = DIMENSION_NAMES.includes(dimension) ? parts.indexOf(field as string) : 0;
      return isPersonal && place >= 0 && key?.[place] === name;
    };
  }

  /** @returns how many periods held the person; null if another process has changed the manifest */
  async run(): Promise<number | null> {
    const { confirmedMs: sealedMs } = this.#manifest;
    const { held, strays } = await this.#findUnits();
    const isSealed = ({ endMs }: Unit): boolean => sealedMs !== null && endMs <= sealedMs;
    const open = held.filter((unit) => !isSealed(unit));
    const sealed = held.filter(isSealed);
    // A day is summed up of its hours, and an hour of its slices: all that lies within goes with it.
    const dropped = this.#manifest.units.filter(
      (unit) =>
        !isSealed(unit) && open.some(({ startMs, endMs }) => unit.startMs < endMs && unit.endMs > startMs),
    );
    const nowMs = Date.now();
    // These marks are no part of the edition, with which they would be swept away where this process dies.
    for (const unit of open) await this.#store.insert([touchedRow(unit, randomUUID(), nowMs)], this.#signal);
    if (sealed.length > 0) await this.#store.insert([foldRow(this.#edition, nowMs)], this.#signal);
    for (const unit of sealed) await this.#copy(unit);
    const gone = [...new Set([...dropped, ...sealed])];
    const copies = sealed.map((unit) => Object.assign({}, unit, { edition: this.#edition }));
    // Rows that count no more may hold the person too.
    await this.#delete(this.#manifest.replaced);
    const next: Manifest = {
      ...this.#manifest,
      units: [...this.#manifest.units.filter((unit) => !gone.includes(unit)), ...copies],
      replaced: replacedUnits(gone, nowMs),
    };
    const ownRow = { ids: [foldRow(this.#edition, nowMs).id] };
    if (!(await publish(this.#store, next, this.#edition, this.#signal))) {
      await this.#store.delete({ kinds: UNIT_KINDS, edition: this.#edition }, this.#signal);
      await this.#store.delete(ownRow, this.#signal);
      return null;
    }
    await this.#delete(gone);
    // They can count no more, as their fold is late now.
    if (strays.length > 0) await this.#store.delete({ ids: strays }, this.#signal);
    if (sealed.length > 0) await this.#store.delete(ownRow, this.#signal);
    return held.length;
  }

  async #delete(units: readonly Pick<Unit, 'kind' | 'startMs' | 'edition'>[]): Promise<void> {
    for (const { kind, edition, startMs } of units)
      await this.#store.delete(
        { kinds: [kind], edition, fromMs: startMs, beforeMs: startMs + 1 },
        this.#signal,
      );
  }

  /** The units of which a row has the person's key, and the ids of such rows that do not count: of folds that are under way, or have died. */
  async #findUnits(): Promise<{ readonly held: readonly Unit[]; readonly strays: readonly string[] }> {
    const names = new Set([
      ...DIMENSION_NAMES,
      ...this.#manifest.units.flatMap(({ dimensions }) => dimensions),
    ]);
    const held = new Set<Unit>();
    const strays: string[] = [];
    const byName = new Map(this.#manifest.units.map((unit) => [nameOf(unit), unit]));
    const budget = new TurnBudget(1);
    for (const dimension of names) {
      if (dimensionOf(dimension)?.isPersonal === false) continue;
      for (const kind of UNIT_KINDS) {
        for (const row of await this.#store.find({ kinds: [kind], dimension }, this.#signal)) {
          if (blockOf(row).entries.some(([key]) => this.#isOf(dimension, key))) {
            const unit = byName.get(nameOf(row));
            if (unit === undefined) strays.push(row.id);
            else held.add(unit);
          }
          if (budget.isSpentAfterStep()) await budget.nextTurn(this.#signal);
        }
      }
    }
    return { held: [...held], strays };
  }

  /** Writes the rows of a unit anew, without the person's keys. */
  async #copy({ kind, startMs, edition }: Unit): Promise<void> {
    const where = { kinds: [kind], edition, fromMs: startMs, beforeMs: startMs + 1 };
    for (const row of await this.#store.find(where, this.#signal)) {
      const id = `${randomUUID()}.${row.id.slice(row.id.lastIndexOf('.') + 1)}`;
      const copy = withoutKeys({ ...row, id, edition: this.#edition }, (key) =>
        this.#isOf(row.dimension, key),
      );
      await this.#store.insert([copy], this.#signal);
    }
  }
}

function nameOf({
  kind,
  startMs,
  edition,
}: Pick<SummaryRow, 'startMs' | 'edition'> & { readonly kind: string }): string {
  return `${kind} ${startMs} ${edition}`;
}
