import { type Duration, millisecondsOf } from '../metadata/duration.js';
import { namedRoutes } from '../metadata/registry.js';
import type { TrackerSettings } from '../options/tracker-options.js';
import { TEXT_LIMITS } from '../record/limits.js';
import { cleanText } from '../record/text.js';
import { type ShortLivedAction, actionKey } from '../storage/usage-action.js';
import type { DeclaredAction } from './inventory.js';

/** Lists the actions, and the routes of `tracked()`, whose data policy says how long their records are kept. */
export function shortLivedActions(
  { serverName }: Pick<TrackerSettings, 'serverName'>,
  declared: readonly DeclaredAction[],
): ShortLivedAction[] {
  const found = new Map<string, ShortLivedAction>();
  const add = (controller: string | null, action: string | null, retention: Duration | undefined): void => {
    if (retention === undefined) return;
    const of = { serverName, controller, action };
    const keepMs = millisecondsOf(retention);
    const before = found.get(actionKey(of));
    // Records do not tell actions of one name apart.
    if (before === undefined || keepMs < before.keepMs) found.set(actionKey(of), { of, keepMs });
  };
  for (const { attribution } of declared)
    add(attribution.controllerName, attribution.actionName, attribution.data.retention);
  for (const { name, retention } of namedRoutes()) add(null, cleanText(name, TEXT_LIMITS.action), retention);
  return [...found.values()];
}
