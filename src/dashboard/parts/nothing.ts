import type { ReportBasis } from '../../report/report.js';
import { dayText } from '../../report/words.js';
import { type Html, html } from '../html.js';

/** What stands where there are no rows, and what to do about it. */
export function nothingYet({ services, from, to, timeZone, calls, people }: ReportBasis): Html {
  if (services.length === 0)
    return html`<p class="nothing">
Nothing is recorded yet. Put <code>@Tracked()</code> on an action or
<code>@TrackedController()</code> on a class, <code>app.use(trackUsage())</code> before the controllers,
and send a request. If you have done so, this storage may not be the one that the tracker writes to.
</p>`;
  if (calls === 0)
    return html`<p class="nothing">
No request ${people && 'but those by crawlers '}was recorded from ${dayText(from, timeZone)} until
${dayText(to, timeZone)}. Choose other days${people && ', or have crawlers counted'}.
</p>`;
  return html`<p class="nothing">There is none in these days.</p>`;
}
