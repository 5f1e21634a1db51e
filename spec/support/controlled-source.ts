import type { GeoLookup } from '../../src/record/geo-info.js';
import type { JsonObject } from '../../src/record/usage-record.js';

interface Question {
  readonly resolve: (location: JsonObject | null) => void;
  readonly reject: (error: unknown) => void;
}

/** A source of locations that answers when the spec says so. */
export class ControlledSource {
  readonly asked: string[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #questions = new Map<string, Question>();

  readonly lookup: GeoLookup = (address, signal) => {
    this.asked.push(address);
    this.signals.push(signal);
    return new Promise((resolve, reject) => {
      this.#questions.set(address, { resolve, reject });
    });
  };

  answer(address: string, location: JsonObject | null): void {
    this.#questions.get(address)?.resolve(location);
  }

  fail(address: string, error: unknown): void {
    this.#questions.get(address)?.reject(error);
  }
}
