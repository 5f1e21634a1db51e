import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What a plan is made of, as far as it matters in specs. */
interface Planned {
  readonly requests: readonly { readonly method: string; readonly url: string }[];
}

/** The demonstration of the quick start. */
export interface Demo {
  readonly fill: (dbName: string, options: { readonly end: Date; readonly share: number }) => Promise<number>;
  readonly planTraffic: (end: Date, share: number) => Iterable<Planned>;
}

/** Loads the demonstration, which is built by itself. */
export async function loadDemo(): Promise<Demo> {
  const [{ fill }, { planTraffic }] = (await Promise.all(
    ['fill', 'plan'].map(
      (name) => import(pathToFileURL(resolve(`examples/quickstart/dist/demo/${name}.js`)).href),
    ),
  )) as [Pick<Demo, 'fill'>, Pick<Demo, 'planTraffic'>];
  return { fill, planTraffic };
}
