import { show } from '../option-reader.js';
import { wrongUsage } from './failure.js';

/** The values of a command's options. */
export class Values {
  readonly #given: Readonly<Record<string, unknown>>;

  /** @param given - as `parseArgs` returns them */
  constructor(given: object) {
    this.#given = given as Readonly<Record<string, unknown>>;
  }

  /** Whether a switch is on. */
  has(name: string): boolean {
    return this.#given[name] === true;
  }

  /**
   * An option's text; undefined if it is not given.
   *
   * @throws {CliError} if it is empty
   */
  text(name: string): string | undefined {
    return this.texts(name)[0];
  }

  /**
   * The texts of an option that may be given several times.
   *
   * @throws {CliError} if one is empty
   */
  texts(name: string): readonly string[] {
    const values = [this.#given[name] ?? []].flat().filter((value) => typeof value === 'string');
    if (values.includes('')) throw wrongUsage(`--${name} is empty; expected a value, or no --${name}.`);
    return values;
  }

  /**
   * An option's integer; undefined if it is not given.
   *
   * @throws {CliError} if it is none, or not within the bounds, both inclusive
   */
  integer(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw wrongUsage(`--${name} is ${show(value)}; expected an integer from ${min} to ${max}.`);
  }

  /**
   * Refuses options that cannot stand together.
   *
   * @throws {CliError} if more than one of them is given
   */
  refuseTogether(...names: readonly string[]): void {
    const [first, second] = names.filter((name) => this.#given[name] !== undefined);
    if (second !== undefined)
      throw wrongUsage(`--${first} and --${second} contradict each other; give one of them.`);
  }

  /**
   * Refuses options that do nothing without another one.
   *
   * @throws {CliError} if one of them is given
   */
  refuseWithout(other: string, ...names: readonly string[]): void {
    const lonely = names.find((name) => this.#given[name] !== undefined);
    if (lonely !== undefined) throw wrongUsage(`--${lonely} belongs to --${other}; give both, or neither.`);
  }
}
