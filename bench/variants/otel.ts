import { createRequire } from 'node:module';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { KoaInstrumentation } from '@opentelemetry/instrumentation-koa';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Variant } from '../harness/variant.js';

/**
 * OpenTelemetry's instrumentations of http and Koa, set up as its documentation says (context manager, W3C propagators, batch
 * processor), with an exporter that does nothing.
 */
export async function start(): Promise<Variant> {
  const spans = new Map<string, number>();
  const exporter: SpanExporter = {
    export(batch, done) {
      for (const { instrumentationScope } of batch) {
        spans.set(instrumentationScope.name, (spans.get(instrumentationScope.name) ?? 0) + 1);
      }
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
  );
  registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new KoaInstrumentation()] });
  // The instrumentations patch what passes `require`, and both are CommonJS: an `import` finds them patched.
  const require = createRequire(import.meta.url);
  require('node:http');
  require('koa');
  const { serve } = await import('./application.js');

  let drains = 0;
  return serve({
    async drain() {
      await provider.forceFlush();
      drains += 1;
      // The first drain comes before any request.
      if (drains > 1) assertSpans(spans);
    },
  });
}

/** A comparison with instrumentations that see nothing would be worth nothing. */
function assertSpans(spans: ReadonlyMap<string, number>): void {
  for (const scope of ['@opentelemetry/instrumentation-http', '@opentelemetry/instrumentation-koa']) {
    if (!spans.has(scope)) throw new Error(`There are no spans of ${scope}: ${JSON.stringify([...spans])}.`);
  }
}
