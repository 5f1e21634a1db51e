import type { Token } from 'typedi';
import { sharedToken } from '../storage/tokens.js';
import type { UsageTracker } from './usage-tracker.js';

/**
 * What TypeDI hands out the tracker by, from `trackUsage` on and until it is closed. Of several trackers, it is the one
 * that was made first.
 *
 * ```ts
 * constructor(@Inject(TrackerToken) private readonly tracker: UsageTracker) {}
 * ```
 */
export const TrackerToken: Token<UsageTracker> = sharedToken('TrackerToken');
