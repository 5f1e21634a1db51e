import type { SummaryRow, SummaryRowQuery, SummaryStore } from '../../src/storage/summary-store.js';
import type { Disguise } from './summary-model.js';

const MARKS = ['writing', 'touched'] as const;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

type Over = Partial<SummaryStore>;

/** A store of which some calls are others. */
function over(store: SummaryStore, calls: Over): SummaryStore {
  return {
    prepare: (make, signal) => store.prepare(make, signal),
    find: (query, signal) => store.find(query, signal),
    insert: (rows, signal) => store.insert(rows, signal),
    delete: (query, signal) => store.delete(query, signal),
    ...calls,
  };
}

function asksFor(kind: SummaryRow['kind'], { kinds }: SummaryRowQuery): boolean {
  return kinds?.includes(kind) === true;
}

/** A fold takes all marks away that were made by the time at which it is done, rather than those that it has read. */
export const marksDeletedByTime: Disguise = {
  folder: (store) => {
    let marks = new Set<string>();
    return over(store, {
      find: async (query, signal) => {
        const rows = await store.find(query, signal);
        if (asksFor('touched', query)) marks = new Set(rows.map(({ id }) => id));
        return rows;
      },
      delete: async (query, signal) => {
        if (query.ids?.some((id) => marks.has(id)) !== true) return store.delete(query, signal);
        return store.delete({ kinds: ['touched'] }, signal);
      },
    });
  },
};

/** No writer marks anything, and a fold takes what is older than five minutes for done with. */
export const watermarkWithoutMarks: Disguise = {
  writer: (store) =>
    over(store, {
      insert: async (rows, signal) =>
        rows.every(({ kind }) => kind === 'writing' || kind === 'touched') || store.insert(rows, signal),
    }),
  folder: (store, now) => {
    let foldedMs = now() - DAY_MS;
    return over(store, {
      find: async (query, signal) => {
        if (!asksFor('touched', query)) return store.find(query, signal);
        const untilMs = now() - 5 * MINUTE_MS;
        const span = { startMs: Math.max(foldedMs, untilMs - DAY_MS), endMs: untilMs };
        foldedMs = untilMs;
        if (span.startMs >= span.endMs) return [];
        return [
          { ...span, id: `watermark.${untilMs}`, kind: 'touched', dimension: '-', edition: '-', data: '0' },
        ];
      },
    });
  },
};

/** A manifest takes the place of any other one, whatever it was made of. */
export const publishedUnchecked: Disguise = {
  folder: (store) => {
    let published: SummaryRow | null = null;
    return over(store, {
      insert: async (rows, signal) => {
        const [row] = rows;
        if (row?.kind !== 'manifest') return store.insert(rows, signal);
        const others = await store.find({ kinds: ['manifest'] }, signal);
        const generations = [row, ...others].map(({ id }) => Number(id.split('.')[1]));
        const isTaken = others.some(({ id }) => Number(id.split('.')[1]) >= Number(row.id.split('.')[1]));
        const id = isTaken ? `manifest.${Math.max(...generations) + 1}` : row.id;
        await store.insert([{ ...row, id }], signal);
        await store.delete({ ids: others.map((other) => other.id) }, signal);
        published = row;
        return true;
      },
      find: async (query, signal) => {
        if (published === null || !asksFor('manifest', query)) return store.find(query, signal);
        // The fold is told that its own manifest is the only one.
        const rows = [published];
        published = null;
        return rows;
      },
    });
  },
};

/**
 * A reader looks at the manifest first and at the marks later, and looks once. Its second look alone would find out as well: a mark
 * that it misses has left its trace in the generation by then.
 */
export const manifestBeforeMarks: Disguise = {
  reader: (store) => {
    let looks = 0;
    let marks: SummaryRow[] = [];
    let manifest: SummaryRow[] = [];
    return over(store, {
      find: async (query, signal) => {
        if (asksFor('manifest', query)) return manifest;
        if (!asksFor('touched', query)) return store.find(query, signal);
        if (looks % 2 === 0) {
          manifest = await store.find({ kinds: ['manifest'] }, signal);
          marks = await store.find({ kinds: MARKS }, signal);
        }
        looks += 1;
        return marks;
      },
    });
  },
};
