import { resolveDataPolicy } from '../metadata/data-policy.js';
import { isTracked } from '../metadata/policy.js';
import type { TrackerSettings } from '../options/tracker-options.js';
import { DAY_MS } from '../metadata/duration.js';
import { type ShortLivedAction, actionKey } from '../storage/usage-action.js';
import type { DeclaredAction } from './inventory.js';
import type { EndpointDeclaration } from './register.js';
import { endpointName, withDates } from './register-rows.js';

/**
 * What a process declares of its routes, an endpoint each. Of several routes of one endpoint, as two servers of a process may have them,
 * one that is tracked counts, and of these one of which the least is recorded.
 *
 * @param shortLived - the actions of which nothing is known any more when their own retention is over
 */
export function declarationsOf(
  settings: TrackerSettings,
  declared: readonly DeclaredAction[],
  shortLived: readonly ShortLivedAction[],
): EndpointDeclaration[] {
  const { serverName } = settings;
  const kept = new Map(shortLived.map(({ of, keepMs }) => [actionKey(of), keepMs / DAY_MS]));
  const byName = new Map<string, EndpointDeclaration>();
  for (const { method, attribution, deprecation } of declared) {
    const { route, controllerName: controller, actionName: action, data } = attribution;
    if (route === null) continue;
    const { sampleRate } = resolveDataPolicy(data, settings);
    const declaration: EndpointDeclaration = {
      method,
      route,
      controller,
      action,
      tracked: isTracked(attribution, settings),
      sampleRate: typeof sampleRate === 'number' ? sampleRate : null,
      deprecation: deprecation && withDates(deprecation),
      recordsDays: kept.get(actionKey({ serverName, controller, action })) ?? null,
      keep: data.keep ?? null,
    };
    const name = endpointName(declaration);
    const other = byName.get(name);
    if (other === undefined || telling(declaration) > telling(other)) byName.set(name, declaration);
  }
  return [...byName.values()];
}

function telling({ tracked, sampleRate }: EndpointDeclaration): number {
  return tracked ? 2 - (sampleRate ?? 0) : 0;
}
