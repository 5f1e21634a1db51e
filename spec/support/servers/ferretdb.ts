import { join } from 'node:path';
import type { Program } from './engine.js';
import { GoProgram } from './go-program.js';

const built = new GoProgram('FerretDB', 'ferretdb', 'FerretDB/FerretDB');

/** The version that is built. The server cannot tell it: a module does not contain the file that would say. */
export function ferretVersion(): string {
  return built.version;
}

class Ferret implements Program {
  readonly source = 'built with Go';
  readonly user = '';
  readonly password = '';
  readonly stopSignal = 'SIGTERM';

  async prepare(): Promise<void> {
    await built.build();
  }

  command({ folder, port }: Parameters<Program['command']>[0]): ReturnType<Program['command']> {
    // It minds no root, and others may not come to root's cache folder.
    const args = [`127.0.0.1:${port}`, join(folder, 'data')];
    // It makes every document anew for every query: with Go's own setting, two fifths of its time go into collecting the garbage.
    return { file: built.path, args, identity: {}, env: { GOGC: '800' } };
  }
}

/** FerretDB where it was built or can be. */
export function findFerret(): Program | undefined {
  return built.isAtHand ? new Ferret() : undefined;
}
