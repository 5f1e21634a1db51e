import type { DataPolicy, IpPolicy, ParameterRule, SampleRate } from '../metadata/data-policy.js';
import type { AddressSettings } from '../options/address-options.js';
import type { WhatSettings } from '../options/what-options.js';

/** What is recorded of an action, with nothing left open. */
export interface EffectivePolicy {
  readonly ip: IpPolicy;
  readonly query: readonly string[];
  readonly params: Readonly<Record<string, ParameterRule>>;
  readonly sampleRate: SampleRate;
  /** Whether the application's own data is kept. */
  readonly data: boolean;
}

/** The part of the settings that decorators may override. */
export type PolicySettings = Pick<WhatSettings, 'query' | 'params' | 'sampleRate'> &
  Pick<AddressSettings, 'ipPolicy'>;

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

  #resolve({ ip, query, params, sampleRate, data }: DataPolicy): EffectivePolicy {
    const settings = this.#settings;
    return {
      ip: ip ?? settings.ipPolicy,
      query: query ?? settings.query,
      params: params === undefined ? settings.params : { ...settings.params, ...params },
      sampleRate: sampleRate ?? settings.sampleRate,
      data: data ?? true,
    };
  }
}
