import type { DataPolicy } from '../../metadata/data-policy.js';
import type { PolicySubject } from '../../metadata/policy.js';
import type { PlainRoute } from './matched-route.js';
import { TEXT_LIMITS } from '../../record/limits.js';
import { cleanNullableText } from '../../record/text.js';

/** Which action answered. An action's is made when its route is registered, that of a route without a class at its first request. */
export interface Attribution extends PolicySubject {
  /** The data policy of the action's decorators. */
  readonly data: DataPolicy;
  /** The controller's name, within a record's limits; null for a route without a class. */
  readonly controllerName: string | null;
  /** The action's name, within a record's limits; null for a route without a class. */
  readonly actionName: string | null;
  /** The route's template with its prefix, within a record's limits; null if the route has none. */
  readonly route: string | null;
  /** Whether a record has been made of the action. */
  isRecorded: boolean;
  /** Where the route is known only when the request is over, tells the attribution to that route; else null. */
  readonly ofRoute: ((route: PlainRoute) => Attribution) | null;
}

/**
 * Makes an attribution.
 *
 * @param named - the names of controller, action and route, of any length
 */
export function attributionOf(
  subject: PolicySubject & { readonly data: DataPolicy },
  named: Pick<Attribution, 'controllerName' | 'actionName' | 'route'>,
  ofRoute: Attribution['ofRoute'] = null,
): Attribution {
  return {
    methodDecision: subject.methodDecision,
    controllerDecision: subject.controllerDecision,
    data: subject.data,
    controllerName: cleanNullableText(named.controllerName, TEXT_LIMITS.controller),
    actionName: cleanNullableText(named.actionName, TEXT_LIMITS.action),
    route: cleanNullableText(named.route, TEXT_LIMITS.route),
    isRecorded: false,
    ofRoute,
  };
}
