import {
  type DataPolicy,
  type IpPolicy,
  type ResolvedDataPolicy,
  resolveDataPolicy,
} from '../../metadata/data-policy.js';
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
   * What holds for a request that no action answered: for all the actions together that it may have been for.
   *
   * @param candidates - these actions
   * @param plain - the templates of the routes without a class whose path it has
   */
  ofUnanswered({ likely, possible }: Candidates, plain: readonly string[]): EffectivePolicy {
    const actions = [...likely, ...possible].map(({ action }) => action.attribution);
    if (actions.length === 0 && plain.length === 0) return this.#default;
    const policies = [this.#default, ...actions.map(({ data }) => this.of(data))];
    const routes = actions.map(({ route, data }) => ({ route: route ?? '', rules: this.of(data).params }));
    // To the router, actions are routes as well.
    const others = plain.filter((template) => !routes.some(({ route }) => isSameRoute(route, template)));
    const redacted = [...routes, ...others.map((route) => ({ route, rules: this.#default.params }))].filter(
      ({ route, rules }) => parameterNames(route).some((name) => isRedacted(name, rules)),
    );
    const templates = new Set(redacted.map(({ route }) => route));
    const [template = null] = templates;
    return {
      ...this.#default,
      ip: STRICTEST_FIRST.find((ip) => policies.some((policy) => policy.ip === ip)) ?? 'none',
      query: this.#default.query.filter((name) => policies.every(({ query }) => query.includes(name))),
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
