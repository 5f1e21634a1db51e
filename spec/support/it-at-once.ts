/**
 * Specs that wait for seconds rather than work, such as for a server that gives up by itself: all begin together, and each tells its
 * own end. None may touch what another one uses.
 */
export function itAtOnce(specs: Readonly<Record<string, () => Promise<void>>>): void {
  const ends = new Map<string, Promise<void>>();

  before(() => {
    for (const [title, spec] of Object.entries(specs)) {
      const end = spec();
      // It may fail before mocha asks for it.
      end.catch(() => {});
      ends.set(title, end);
    }
  });

  for (const title of Object.keys(specs)) it(title, () => ends.get(title));
}
