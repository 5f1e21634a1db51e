import { randomUUID } from 'node:crypto';
import type { SummaryRow, SummaryRowQuery, SummaryStore } from '../storage/summary-store.js';
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
import { deleteUnits, insertRows, rowsOfUnit } from './row-statements.js';
import { overlap } from './spans.js';

/** How often the manifest is changed while other processes change it. */
const ATTEMPTS = 20;

/** What was erased from summaries. */
interface SummaryErasure {
  /** Periods whose rows held the person. */
  readonly periods: number;
  /** Where records were deleted by retention, the moment before which totals still contain the person's requests; else null. */
  readonly sealedUntil: Date | null;
}

/** Which keys are erased. */
interface ErasedKeys {
  /** The dimensions whose rows may have them; null for all that may name persons. */
  readonly dimensions: readonly string[] | null;
  /** The span in which they are looked for. */
  readonly where: Pick<SummaryRowQuery, 'fromMs' | 'beforeMs'>;
  /** Whether a row's key is one of them. */
  readonly isOf: (row: SummaryRow, key: Key) => boolean;
  /** Whether their records were deleted as well: then a fold that has read these has to be late. */
  readonly isOfDeleted: boolean;
}

/**
 * Erases a person from summaries, after the person's records were deleted.
 *
 * @throws an error if other processes change the manifest all the time
 */
export function eraseFromSummaries(
  store: SummaryStore,
  person: UsagePerson,
  signal: AbortSignal,
): Promise<SummaryErasure> {
  const [[field, name] = []] = Object.entries(person) as [string, string][];
  const isOf = ({ dimension }: SummaryRow, key: Key): boolean => {
    const { parts = [dimension], isPersonal = true } = dimensionOf(dimension) ?? {};
    // The key of a personal dimension of the application's own may be the name as it is.
    const place = DIMENSION_NAMES.includes(dimension) ? parts.indexOf(field as string) : 0;
    return isPersonal && place >= 0 && key?.[place] === name;
  };
  return eraseKeys(store, { dimensions: null, where: {}, isOf, isOfDeleted: true }, signal);
}

/**
 * Erases keys from summaries. Periods that can be summed up again are dropped, and marked to be; those that are sealed lose the rows of
 * the keys.
 *
 * @throws an error if other processes change the manifest all the time
 */
export async function eraseKeys(
  store: SummaryStore,
  keys: ErasedKeys,
  signal: AbortSignal,
): Promise<SummaryErasure> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { manifest } = await look(store, signal);
    if (manifest === null) return { periods: 0, sealedUntil: null };
    const erasure = new Erasure(store, keys, manifest, signal);
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
  readonly #keys: ErasedKeys;
  readonly #manifest: Manifest;
  readonly #signal: AbortSignal;
  readonly #edition = randomUUID();

  constructor(store: SummaryStore, keys: ErasedKeys, manifest: Manifest, signal: AbortSignal) {
    this.#store = store;
    this.#keys = keys;
    this.#manifest = manifest;
    this.#signal = signal;
  }

  /** @returns how many periods held a key; null if another process has changed the manifest */
  async run(): Promise<number | null> {
    const { confirmedMs: sealedMs } = this.#manifest;
    const { held, strays } = await this.#findUnits();
    if (held.length + strays.length === 0 && !this.#keys.isOfDeleted) return 0;
    const isSealed = ({ endMs }: Unit): boolean => sealedMs !== null && endMs <= sealedMs;
    const open = held.filter((unit) => !isSealed(unit));
    const sealed = held.filter(isSealed);
    // A day is summed up of its hours, and an hour of its slices: all that lies within goes with it.
    const dropped = this.#manifest.units.filter(
      (unit) => !isSealed(unit) && open.some((other) => overlap(unit, other)),
    );
    const nowMs = Date.now();
    // These marks are no part of the edition, with which they would be swept away where this process dies.
    const marked = open.map((unit) => touchedRow(unit, randomUUID(), nowMs));
    await insertRows(this.#store, marked, this.#signal);
    if (sealed.length > 0) await this.#store.insert([foldRow(this.#edition, nowMs)], this.#signal);
    for (const unit of sealed) await this.#copy(unit);
    const gone = [...new Set([...dropped, ...sealed])];
    const copies = sealed.map((unit) => Object.assign({}, unit, { edition: this.#edition }));
    // Rows that count no more may hold a key too.
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
    await deleteUnits(this.#store, units, this.#signal);
  }

  /** The units of which a row has a key, and the ids of such rows that do not count: of folds that are under way, or have died. */
  async #findUnits(): Promise<{ readonly held: readonly Unit[]; readonly strays: readonly string[] }> {
    const { where, isOf, dimensions } = this.#keys;
    const names = new Set(
      dimensions ?? [...DIMENSION_NAMES, ...this.#manifest.units.flatMap((unit) => unit.dimensions)],
    );
    const held = new Set<Unit>();
    const strays: string[] = [];
    const byName = new Map(this.#manifest.units.map((unit) => [nameOf(unit), unit]));
    const budget = new TurnBudget(1);
    for (const dimension of names) {
      if (dimensionOf(dimension)?.isPersonal === false) continue;
      for (const kind of UNIT_KINDS) {
        for (const row of await this.#store.find({ ...where, kinds: [kind], dimension }, this.#signal)) {
          if (blockOf(row).entries.some(([key]) => isOf(row, key))) {
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

  /** Writes the rows of a unit anew, without the keys. */
  async #copy(unit: Unit): Promise<void> {
    for (const row of await this.#store.find(rowsOfUnit(unit), this.#signal)) {
      const id = `${randomUUID()}.${row.id.slice(row.id.lastIndexOf('.') + 1)}`;
      const copy = withoutKeys({ ...row, id, edition: this.#edition }, (key) => this.#keys.isOf(row, key));
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
