import type { Context } from 'koa';
import { callable, hasMethods, option, text } from '../option-reader.js';
import type { UsageReports } from '../report/usage-reports.js';
import { type Clock, systemClock } from '../time/clock.js';

/** Says whether the sender of a request may see the dashboard. */
export type Authorize = (context: Context) => boolean | Promise<boolean>;

/** The options of {@link usageDashboard}. */
export class DashboardOptions {
  /**
   * Says of each request whether its sender may see the dashboard; only `true` lets it pass. One that throws, or takes longer than five
   * seconds, denies. @default nobody may
   */
  readonly authorize? = callable<Authorize>();
  /** What the pages show. @default that of TypeDI's container */
  readonly reports? = option<UsageReports>({
    default: null,
    expected: 'UsageReports, such as new UsageReports(storage)',
    accepts: (value) => hasMethods(value, 'endpoints', 'traffic', 'together'),
  });
  /** What the pages are called. @default 'Usage' */
  readonly title? = text({ default: 'Usage' });
  /** How often a page that is looked at is made anew, from 5 to 86,400 seconds; 0 for never. @default 60 */
  readonly refreshSeconds? = option<number>({
    default: 60,
    expected: 'an integer from 5 to 86400 (seconds), or 0',
    accepts: (value) =>
      value === 0 || (Number.isSafeInteger(value) && Number(value) >= 5 && Number(value) <= 86_400),
  });
  /** Where the time comes from; for tests. @default the machine's clocks */
  readonly clock? = option<Clock>({
    default: systemClock,
    expected: 'an object with now, monotonic, setTimeout and clearTimeout',
    accepts: (value) => hasMethods(value, 'now', 'monotonic', 'setTimeout', 'clearTimeout'),
  });
}
