export { type BasicAuthOptions, basicAuth } from './basic-auth.js';
export type { Authorize, DashboardOptions } from './dashboard-options.js';
export { usageDashboard } from './usage-dashboard.js';
