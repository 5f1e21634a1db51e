import {
  type DataPolicy,
  type IpPolicy,
  type ResolvedDataPolicy,
  resolveDataPolicy,
} from '../../metadata/data-policy.js';
import type { PossibleRoute } from '../exchange/matched-route.js';
import { REDACTED, isRedacted } from '../request/redaction.js';
import { type Candidates, parameterNames } from '../unanswered/unanswered.js';

/** What is recorded of a request. */
export interface EffectivePolicy extends ResolvedDataPolicy {
  /** What stands in the place of the path, as that may hold what is redacted; null if it does not. */
  readonly standIn: string | null;
}

/** The part of the settings that decorators may override. */
export type PolicySettings = Omit<ResolvedDataPolicy, 'data'>;

const STRICTEST_FIRST: readonly IpPolicy[] = ['none', 'truncate', 'full'];

/** Resolves what decorators say against what the application says, once for each action. */
export class EffectivePolicies {
  readonly #settings: PolicySettings;
  readonly #default: EffectivePolicy;
  readonly #resolved = new WeakMap<DataPolicy, EffectivePolicy>();

  constructor(settings: PolicySettings) {
    this.#settings = settings;
    this.#default = this.#resolve({});
  }

  /**
   * What holds for an action.
   *
   * @param said - what its decorators say; null if no action ran
   */
  of(said: DataPolicy | null): EffectivePolicy {
    if (said === null) return this.#default;
    let policy = this.#resolved.get(said);
    if (policy === undefined) {
      policy = this.#resolve(said);
      this.#resolved.set(said, policy);
    }
    return policy;
  }

  /**
   * What holds for a request of which it is not certain what answered it, and for all together that it may have been for.
   *
   * @param said - what the decorators say of what did answer; null if nothing is known to have
   * @param candidates - the actions that it may have been for
   * @param plain - the routes without a class that it may have been for, beside the one that did answer
   */
  ofUncertain(
    said: DataPolicy | null,
    { likely, possible, elsewhere }: Candidates,
    plain: readonly PossibleRoute[],
  ): EffectivePolicy {
    const base = this.of(said);
    const actions = [...likely, ...possible, ...elsewhere].map(({ action }) => action.attribution);
    if (actions.length === 0 && plain.length === 0) return base;
    const policies = [base, ...actions.map(({ data }) => this.of(data))];
    const routes = actions.map(({ route, data }) => ({
      template: route ?? '',
      shared: [],
      rules: this.of(data).params,
    }));
    // To the router, actions are routes as well.
    const others = plain.filter(
      (each) => !routes.some(({ template }) => isSameRoute(template, each.template)),
    );
    const redacted = [
      ...routes,
      ...others.map(({ template, shared }) => ({ template, shared, rules: base.params })),
    ].filter(({ template, shared, rules }) =>
      parameterNames(template).some((name) => !shared.includes(name) && isRedacted(name, rules)),
    );
    const templates = new Set(redacted.map((each) => each.template));
    const [template = null] = templates;
    return {
      ...base,
      ip: STRICTEST_FIRST.find((ip) => policies.some((policy) => policy.ip === ip)) ?? 'none',
      query: base.query.filter((name) => policies.every(({ query }) => query.includes(name))),
      data: policies.every(({ data }) => data),
      standIn: templates.size > 1 ? REDACTED : template,
    };
  }

  #resolve(said: DataPolicy): EffectivePolicy {
    return { ...resolveDataPolicy(said, this.#settings), standIn: null };
  }
}

function isSameRoute(route: string, template: string): boolean {
  return template === route || template === `${route}/`;
}
