import type { Context, Middleware } from 'koa';
import { Container } from 'typedi';
import { leaveOut } from '../capture/attribution/route-markers.js';
import { readLastRoute } from '../capture/exchange/matched-route.js';
import { mountPathNow } from '../capture/exchange/mounts.js';
import { type Settings, readOptions } from '../option-reader.js';
import { UsageReports } from '../report/usage-reports.js';
import { deny, isAllowed } from './access.js';
import { Address } from './address.js';
import { type Answer, secure, send } from './answering.js';
import { findAsset } from './assets.js';
import { type Authorize, DashboardOptions } from './dashboard-options.js';
import { Pages } from './pages.js';

const METHODS = ['GET', 'HEAD'];

type DashboardSettings = Settings<
  DashboardOptions,
  { readonly authorize: Authorize | null; readonly reports: UsageReports | null }
>;

/**
 * Makes a Koa middleware that shows who uses the API, how, and which endpoints can be deleted: the reports of the command line as pages.
 * Mount it under a path: `app.use(mount('/admin/usage', usageDashboard({ authorize })))`, or `router.get('/admin/usage', usageDashboard({
 * authorize }))`. Its own requests are not recorded. Everybody gets the status 403 until `authorize` is given.
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if an option is unknown or cannot be used
 */
export function usageDashboard(options: DashboardOptions = {}): Middleware {
  const settings = readOptions<DashboardOptions, DashboardSettings>(
    'usageDashboard',
    DashboardOptions,
    options,
  );
  const reports = (): UsageReports => settings.reports ?? Container.get(UsageReports);
  const pages = new Pages(settings, reports);
  return (context, next) => {
    if (isBelow(context)) return next();
    leaveOut(context);
    return answer(context, settings, pages);
  };
}

/** Whether a request is for a path below that at which koa-mount has mounted the dashboard. A route of a router stands at its own path. */
function isBelow(context: Context): boolean {
  const { path } = context;
  return path !== '/' && mountPathNow(context) !== '' && readLastRoute(context, path) === null;
}

async function answer(context: Context, settings: DashboardSettings, pages: Pages): Promise<void> {
  const { authorize, clock } = settings;
  // Before, as Koa may answer where this fails; afterwards, as authorize may set headers of its own.
  secure(context);
  const allowed = await isAllowed(context, authorize, clock);
  secure(context);
  if (!allowed) {
    deny(context, authorize);
    return;
  }
  if (!METHODS.includes(context.method)) {
    context.set('Allow', METHODS.join(', '));
    await send(context, {
      status: 405,
      type: 'text/plain',
      body: 'The dashboard only answers GET and HEAD.',
    });
    return;
  }
  const address = new Address(context.querystring);
  await send(context, assetOf(address) ?? (await pages.make(address, context)));
}

function assetOf(address: Address): Answer | null {
  const name = address.get('asset');
  if (name === null) return null;
  return (
    findAsset(name, address.get('v')) ?? { status: 404, type: 'text/plain', body: 'There is no such file.' }
  );
}
