import type { DataPolicy } from '../../metadata/data-policy.js';
import type { PolicySubject } from '../../metadata/policy.js';
import { TEXT_LIMITS } from '../../record/limits.js';
import { cleanNullableText } from '../../record/text.js';

/** Which action ran. One a route, made when the route is registered. */
export interface Attribution extends PolicySubject {
  /** What is recorded of it, as far as its decorators say. */
  readonly data: DataPolicy;
  /** What the controller is called; null for a route without a class. This and what follows is within a record's limits. */
  readonly controllerName: string | null;
  /** What the action is called; null for a route without a class. */
  readonly actionName: string | null;
  /** The route's template, with its prefix; null if it has none. */
  readonly route: string | null;
  /** Whether a record has been made of it. */
  isRecorded: boolean;
}

/**
 * Makes an attribution.
 *
 * @param named - what the route and its action are called, of any length
 */
export function attributionOf(
  subject: PolicySubject & { readonly data: DataPolicy },
  named: Pick<Attribution, 'controllerName' | 'actionName' | 'route'>,
): Attribution {
  return {
    methodDecision: subject.methodDecision,
    controllerDecision: subject.controllerDecision,
    data: subject.data,
    controllerName: cleanNullableText(named.controllerName, TEXT_LIMITS.controller),
    actionName: cleanNullableText(named.actionName, TEXT_LIMITS.action),
    route: cleanNullableText(named.route, TEXT_LIMITS.route),
    isRecorded: false,
  };
}
