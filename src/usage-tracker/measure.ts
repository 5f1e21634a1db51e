import { observeMetrics } from '../metrics/open-telemetry.js';
import type { StorageStats, TrackerStats } from '../pipeline/telling/accounting.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { Folding } from './folding.js';

/**
 * Makes the figures of a pipeline and its folding metrics.
 *
 * @param read - the figures of the pipeline now
 * @param waiting - messages that wait in the stream that records come from; null while that is not known. @default no stream
 * @returns a function to call when the figures are final
 */
export function measure(
  read: () => TrackerStats,
  pipeline: Pipeline,
  folding: Folding,
  waiting: () => number | null = () => null,
): () => void {
  const onFailure = (error: unknown): void => pipeline.fault("the option 'metrics'", error);
  return observeMetrics(() => {
    const { storages } = read();
    return {
      storages: pipeline.storages.map((storage, index) => {
        const { behindMs = null, failures: foldFailures = null } = folding.statsOf(storage) ?? {};
        return Object.assign({}, storages[index] as StorageStats, {
          behindMs,
          foldFailures,
          waiting: waiting(),
        });
      }),
      droppedWithoutStorage: pipeline.droppedWithoutStorage,
    };
  }, onFailure);
}
