export { JetStreamStorage } from '../backends/jetstream/jetstream-storage.js';
export type { JetStreamStorageOptions } from '../backends/jetstream/connect-options.js';
export type {
  DeadLetterReason,
  SourceContents,
  UsageFeed,
  UsageMessage,
  UsageSource,
} from '../storage/usage-source.js';
export type { ConsumeOptions, WorkOptions } from './consume-options.js';
export { type SourceStats, type UsageWorker, type WorkerStats, consumeUsage } from './consume-usage.js';
