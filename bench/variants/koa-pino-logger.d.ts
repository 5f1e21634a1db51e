declare module 'koa-pino-logger' {
  import type { Middleware } from 'koa';
  import type { DestinationStream, LoggerOptions } from 'pino';

  function pinoLogger(options: LoggerOptions, destination: DestinationStream): Middleware;
  export = pinoLogger;
}
