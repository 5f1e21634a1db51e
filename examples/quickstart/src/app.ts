import 'reflect-metadata';
import Koa, { type Context, type Middleware } from 'koa';
import mount from 'koa-mount';
import { type TrackUsageOptions, type UsageMiddleware, trackUsage } from 'koa-track-usage';
import { usageDashboard } from 'koa-track-usage/dashboard';
import { useContainer, useKoaServer } from 'routing-controllers';
import { Container } from 'typedi';
import { OrderController } from './orders.js';
import { UsageController } from './usage.js';
import { UserController } from './users.js';

/** What an application has beside the controllers of the quick start. */
export interface AppOptions {
  readonly controllers?: readonly Function[];
  /** Runs between the tracker and the controllers. */
  readonly middleware?: readonly Middleware[];
  /** The storages are those in TypeDI's container, unless it says otherwise. */
  readonly tracker?: TrackUsageOptions;
}

/** Builds the application. */
export function createApp({ controllers = [], middleware = [], tracker }: AppOptions = {}): {
  readonly app: Koa;
  readonly usage: UsageMiddleware;
} {
  useContainer(Container);
  const app = new Koa();
  const usage = trackUsage({ serverName: 'quickstart', ...tracker });
  app.use(usage);
  for (const each of middleware) app.use(each);
  app.use(mount('/admin/usage', usageDashboard({ authorize: isFromThisMachine })));
  useKoaServer(app, {
    controllers: [UserController, OrderController, UsageController, ...controllers],
    authorizationChecker: () => false,
    development: false, // no stack traces in answers
  });
  return { app, usage };
}

/**
 * Enough where the server listens on the loopback interface and stands behind no proxy. An application asks who the user is. The name of the
 * host is looked at too, as a web site may have a name of its own lead a browser on this machine here (DNS rebinding).
 */
function isFromThisMachine({ req, hostname }: Context): boolean {
  return req.socket.remoteAddress === '127.0.0.1' && ['localhost', '127.0.0.1'].includes(hostname);
}
