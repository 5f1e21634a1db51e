import type { Verdict } from '../../report/report.js';
import { type Html, html } from '../html.js';

/** What each verdict says, in the order of the list. */
const MEANINGS: Readonly<Record<Verdict, string>> = {
  unused:
    'No call in all days that were watched: it can be deleted. With a few days only, it says no more than that nobody called in them.',
  'bots-only': 'Every call came from crawlers, monitors or link previewers.',
  'fails-only': 'Every call was answered with a status of 4xx or 5xx.',
  sampled: 'No call was recorded, but only a share of the calls is recorded.',
  deprecated: 'It is deprecated, and called all the same.',
  'gone-still-called': 'No build declares it any more, and it is still asked for.',
  'too-young': 'It is not tracked for long enough to be judged.',
  unwatched: 'No call was recorded, but on some days nobody watched, or records were lost or left out.',
  untracked: 'Requests to it are not recorded.',
  kept: 'The application says why it stays, whoever calls it.',
  used: 'It is called.',
  gone: 'No build declares it any more, and nobody asks for it.',
};

/** What the words of the table mean, folded away. */
export function legend(): Html {
  const terms = Object.entries(MEANINGS).map(
    ([verdict, meaning]) => html`<div><dt>${verdict}</dt><dd>${meaning}</dd></div>`,
  );
  return html`<details><summary>What these words mean</summary>
<dl class="facts">${terms}
<div><dt>?</dt><dd>It is not known; – stands where there is nothing.</dd></div>
<div><dt>±%</dt><dd>The change since as many days before. It is left out where many more of the days were watched in one of the two spans.</dd></div>
</dl></details>`;
}
