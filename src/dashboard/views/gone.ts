import type { GoneReport } from '../../report/report.js';
import { reportView } from './report-view.js';

/** What no build declares any more. */
export const goneView = reportView<GoneReport>({
  name: 'gone',
  navigation: 'Gone',
  heading: 'Gone',
  ask: ({ reports, address }) => reports.gone(address.span),
});
