import type { StatusReport } from '../../report/report.js';
import { reportView } from './report-view.js';

/** What all figures rest on. */
export const statusView = reportView<StatusReport>({
  name: 'status',
  navigation: 'Status',
  heading: 'Status',
  ordered: { sort: 'start', isDown: true },
  ask: ({ reports, address }) => reports.status(address.span),
});
