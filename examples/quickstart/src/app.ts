import 'reflect-metadata';
import Koa, { type Middleware } from 'koa';
import { type TrackUsageOptions, type UsageMiddleware, trackUsage } from 'koa-track-usage';
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
  useKoaServer(app, {
    controllers: [UserController, OrderController, UsageController, ...controllers],
    authorizationChecker: () => false,
    development: false, // no stack traces in answers
  });
  return { app, usage };
}
