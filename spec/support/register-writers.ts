import type { EndpointDeclaration } from '../../src/endpoint/register.js';
import type { InstanceFigures, RegisterSettings } from '../../src/endpoint/register-writer.js';
import type { SummaryStore } from '../../src/storage/summary-store.js';

/** A declaration of a tracked endpoint. */
export function declare(route: string, fields: Partial<EndpointDeclaration> = {}): EndpointDeclaration {
  return {
    method: 'GET',
    route,
    controller: null,
    action: null,
    tracked: true,
    sampleRate: 1,
    deprecation: null,
    recordsDays: null,
    keep: null,
    ...fields,
  };
}

/** Settings of a writer of the service `shop`. */
export function writerSettings(
  store: SummaryStore,
  now: () => number,
  given: Partial<RegisterSettings> = {},
): RegisterSettings {
  const nothing: InstanceFigures = { accepted: 0, dropped: {}, skipped: {}, endpoints: [] };
  return {
    store,
    service: 'shop',
    version: '1.0.0',
    timeZone: 'UTC',
    answersDays: null,
    keptMs: 775 * 86_400_000,
    declared: () => [[declare('/a'), declare('/b')]],
    figures: () => nothing,
    now,
    ...given,
  };
}
