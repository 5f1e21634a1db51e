// Removes every compiled file, so that a spec or a module deleted from the sources cannot live on.
import { rmSync } from 'node:fs';

for (const folder of [
  'dist',
  'build',
  'examples/quickstart/dist',
  'examples/own-storage/dist',
  'examples/stream/dist',
  'examples/ci/dist',
  'bench/dist',
]) {
  rmSync(new URL(`../${folder}`, import.meta.url), { recursive: true, force: true });
}
