import { expect } from 'chai';
import type Koa from 'koa';
import type { Middleware } from 'koa';
import type { StatusReport } from '../../src/report/report.js';
import { UsageReports } from '../../src/report/usage-reports.js';
import { usageDashboard } from '../../src/dashboard/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { NOW, call } from './reports.js';
import type { WireAnswer } from './http-client.js';
import { type ServedBare, serveBare } from './serve-bare.js';

/** What all records below tell of, and nobody may see who may not see the dashboard. */
export const FIGURES = ['secret', 'mallory'];

/** Reports of a service that was called a few times before {@link NOW}. */
export async function fewReports(): Promise<UsageReports> {
  const storage = new MemoryStorage();
  await storage.store([
    call(1, { serverName: 'secret', route: '/secret/:id', username: 'mallory' }),
    call(2, { serverName: 'secret', route: '/secret/:id', username: 'mallory', status: 500 }),
    call(3, { serverName: 'secret', route: '/secret', username: null }),
  ]);
  return new UsageReports(storage, { now: () => NOW.getTime() });
}

/** Reports whose status is made by the spec, and the only question that they are asked. */
export class StagedReports extends UsageReports {
  /** How often they were asked. */
  asked = 0;
  underWay = 0;
  /** The most that were under way at a time. */
  most = 0;
  /** What each question has to wait for. */
  stage: () => Promise<unknown> = () => Promise.resolve();

  constructor() {
    super(new MemoryStorage(), { now: () => NOW.getTime() });
  }

  override together(): this {
    return this;
  }

  override async status(): Promise<StatusReport> {
    this.asked += 1;
    this.underWay += 1;
    this.most = Math.max(this.most, this.underWay);
    try {
      await this.stage();
      return await super.status({ days: 1 });
    } finally {
      this.underWay -= 1;
    }
  }
}

/** A server that has a dashboard, and what its application reports as errors. */
export interface ServedDashboard extends ServedBare {
  readonly errors: Error[];
}

/** Starts an application that has a dashboard at every path. */
export function serveDashboard(
  options: Parameters<typeof usageDashboard>[0],
  ...before: Middleware[]
): Promise<ServedDashboard> {
  return serveHearing((app) => {
    for (const middleware of before) app.use(middleware);
    app.use(usageDashboard(options));
  });
}

/** Starts an application whose errors are listened to. */
export async function serveHearing(assemble: (app: Koa) => void): Promise<ServedDashboard> {
  const errors: Error[] = [];
  const bare = await serveBare((app) => {
    app.on('error', (error: Error) => errors.push(error));
    assemble(app);
  });
  return { ...bare, errors };
}

/** Expects that an answer shows nothing, and has the headers of security. */
export function expectDenied(answer: WireAnswer, status = 403): void {
  expect(answer.status).to.equal(status);
  for (const figure of FIGURES) expect(answer.text).to.not.include(figure);
  expect(answer.headers).to.include({
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  expect(answer.headers['content-security-policy']).to.include("default-src 'none'");
  expect(answer.headers).to.not.have.any.keys('allow', 'etag', 'content-disposition');
}
