/** The numbers that are taken in this process, by the storage's name. */
const taken = new Map<string, Set<number>>();

/**
 * Numbers the storages of one tracker, so that those of one name can be told apart in the whole process. A number is
 * used again when its tracker is closed, which keeps them few, as OpenTelemetry wants it of what stands in attributes
 * (the instance counter of `otel.component.name`, opentelemetry.io/docs/specs/semconv/registry/attributes/otel).
 */
export class InstanceNumbers {
  readonly #held: { readonly name: string; readonly number: number }[] = [];

  /**
   * The number of a storage: 1 for the first of its name.
   *
   * @param index - its place among the storages of the tracker
   */
  of(index: number, name: string): number {
    const { number } = (this.#held[index] ??= { name, number: take(name) });
    return number;
  }

  /** Gives the numbers back. */
  release(): void {
    for (const { name, number } of this.#held.splice(0)) taken.get(name)?.delete(number);
  }
}

function take(name: string): number {
  const numbers = taken.get(name) ?? new Set();
  taken.set(name, numbers);
  let number = 1;
  while (numbers.has(number)) number += 1;
  numbers.add(number);
  return number;
}
