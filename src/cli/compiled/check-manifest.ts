import {
  type Manifest,
  type ManifestDifference,
  compareManifests,
  differenceText,
  manifestText,
  parseManifest,
} from '../../endpoint/manifest.js';
import { show } from '../../option-reader.js';
import { escapeControl } from '../../record/escape-control.js';
import { jsonText } from '../../report/rendering/json.js';
import { annotation } from '../check/github.js';
import type { Call } from '../command.js';
import { EXIT, type ExitCode, wrongUsage } from '../failure.js';
import { readInput, writeOutput } from '../files.js';
import { loadBuild } from './load-build.js';

/**
 * Holds what the decorators of a build say against a manifest, or writes it.
 *
 * @param file - the manifest's file
 * @throws {CliError} if the build cannot be loaded, or the file is no manifest of decorators
 */
export async function checkManifest(call: Call, file: string): Promise<ExitCode> {
  const { values, out, io } = call;
  for (const other of ['service', 'untracked', 'database', 'table', 'config'])
    values.refuseTogether('check', other);
  values.refuseTogether('json', 'github', 'update');
  if (values.texts('controllers').length === 0)
    throw wrongUsage("Which build? Give --controllers 'dist/controllers/*.js' with --check.");
  const { manifest: now } = await loadBuild(call);
  if (values.has('update')) {
    await writeOutput(io.cwd, 'check', file, manifestText(now));
    await out.write(`Wrote ${escapeControl(file)}: ${Object.keys(now.actions).length} actions.\n`);
    return EXIT.fine;
  }
  const differences = compareManifests(await readManifest(call, file), now);
  await tell(call, file, differences);
  return differences.length === 0 ? EXIT.fine : EXIT.found;
}

async function readManifest({ io }: Call, file: string): Promise<Manifest> {
  const manifest = parseManifest(await readInput(io.cwd, 'check', file));
  if (typeof manifest === 'string')
    throw wrongUsage(
      `--check names ${show(file)}, which tells of no tracking: ${manifest}. --update writes it.`,
    );
  if (manifest.application === undefined) return manifest;
  throw wrongUsage(
    `--check names ${show(file)}, which writeInventory() has written with the application's options, which --controllers does not know. ` +
      'Hold the tracker against it with assertInventory(), or have --update write another file.',
  );
}

async function tell(
  { values, out }: Call,
  file: string,
  differences: readonly ManifestDifference[],
): Promise<void> {
  if (values.has('json')) return out.write(jsonText({ differences }));
  const conclusion =
    differences.length === 0
      ? `The build tracks what ${file} says.`
      : `The build and ${file} differ in ${differences.length === 1 ? 'one thing' : `${differences.length} things`}. If that is meant, add --update.`;
  const texts = differences.map((one) => `${differenceText(one)}.`);
  if (!values.has('github'))
    return out.write([...texts, conclusion].map((text) => `${escapeControl(text)}\n`).join(''));
  const lines = differences.map(({ kind }, index) =>
    annotation('error', `Tracking ${kind}`, texts[index] ?? ''),
  );
  return out.write([...lines, annotation('notice', 'Tracking', conclusion)].join(''));
}
