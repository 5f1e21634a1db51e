import type { ErrorsReport } from '../../report/report.js';
import { reportView } from './report-view.js';

/** What fails. */
export const errorsView = reportView<ErrorsReport>({
  name: 'errors',
  navigation: 'Errors',
  heading: 'Errors',
  ask: ({ reports, address }) => reports.errors(address.span),
});
