import type { CallersReport } from '../../report/report.js';
import { reportView } from './report-view.js';

/** Who calls the API, or the endpoint that the address names. */
export const callersView = reportView<CallersReport>({
  name: 'callers',
  navigation: 'Callers',
  heading: 'Callers',
  ask: ({ reports, address }) =>
    reports.callers({ ...address.span, ...(address.endpoint !== null && { endpoint: address.endpoint }) }),
});
