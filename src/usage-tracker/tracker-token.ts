import type { Token } from 'typedi';
import { sharedToken } from '../storage/tokens.js';
import type { UsageTracker } from './usage-tracker.js';

/**
 * The TypeDI token of the tracker, from `trackUsage` on and until the tracker is closed. Of several trackers,
 * the token holds the one that was made first.
 *
 * ```ts
 * constructor(@Inject(TrackerToken) private readonly tracker: UsageTracker) {}
 * ```
 */
export const TrackerToken: Token<UsageTracker> = sharedToken('TrackerToken');
