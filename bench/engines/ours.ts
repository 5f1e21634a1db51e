import type { ReadableUsageStorage } from 'koa-track-usage/storage';
import type { Store } from './engine.js';

/** A storage of this library as a contestant. */
export function storeOf(storage: ReadableUsageStorage): Store {
  const { signal } = new AbortController();
  return {
    async write(batch) {
      const { stored } = await storage.store(batch, signal);
      if (stored !== batch.length) throw new Error(`${stored} of ${batch.length} records were stored.`);
    },
    read: (limit) => storage.reader.getUsage({ limit }),
    close: async () => storage.close?.(),
  };
}
