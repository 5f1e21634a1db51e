import { readRegister } from '../../endpoint/read-register.js';
import type { RegisteredEndpoint } from '../../endpoint/register.js';
import { jsonText } from '../../report/rendering/json.js';
import { markdownOf } from '../../report/rendering/markdown.js';
import type { BuiltRoute } from '../../report/report-options.js';
import { UsageReports } from '../../report/usage-reports.js';
import { counted } from '../../report/words.js';
import type { ReadableUsageStorage } from '../../storage/usage-storage.js';
import { CONTROLLER_OPTIONS, loadBuild } from '../compiled/load-build.js';
import { readRoutes } from '../compiled/read-routes.js';
import { annotationsOf, junitOf, sheetOfCheck } from '../check/forms.js';
import { addStepSummary } from '../check/github.js';
import { type CheckedRemoval, judgeRemoval } from '../check/judge-removal.js';
import type { Call, Command } from '../command.js';
import { CliError, EXIT, type ExitCode, wrongUsage } from '../failure.js';
import { writeOutput } from '../files.js';
import { MOST_DAYS } from '../../report/report-options.js';
import { VERDICT_OPTIONS, certaintyOf, printSheet } from './report-command.js';

/** What a build takes away that is needed. */
export const checkCommand: Command = {
  name: 'check',
  summary: 'Says whether a build removes or renames endpoints that somebody calls. It is for CI.',
  details: [
    'It holds the routes of the build against the endpoints that running instances declare, and against the calls of them. The routes are those of ' +
      'compiled controllers, which are loaded and registered, and never answer; or those that a spec has written with writeRoutes() of ' +
      'koa-track-usage/testing, which may have plain routes among them.',
    'It ends with 1 if an endpoint is needed that the build does not have under its name: people call it and are answered, or @Tracked({ keep }) says why it stays. ' +
      'It ends with 3 if that cannot be told of one: it is tracked or watched for too short a time, or not at all, or sampled; and if no tracker has registered endpoints yet.',
  ],
  options: {
    ...CONTROLLER_OPTIONS,
    routes: { value: 'FILE', about: 'Instead of --controllers, the file that writeRoutes() has written.' },
    accept: {
      value: "'METHOD ROUTE'",
      isMany: true,
      about:
        "An endpoint that is taken away on purpose, such as 'GET /v1/users/:id'. It may be given several times.",
    },
    days: { value: 'N', about: 'Calls of the last so many days count. Default: 90.' },
    service: { value: 'NAME', about: 'The service that the build is of. Default: the only one there is.' },
    ...VERDICT_OPTIONS,
    json: { about: 'Prints JSON.' },
    markdown: { about: 'Prints Markdown.' },
    github: {
      about: 'Prints annotations for GitHub Actions, and adds the table to the summary of the step.',
    },
    junit: { value: 'FILE', about: 'Also writes a report of JUnit, as XML.' },
  },
  examples: [
    "check --controllers 'dist/controllers/*.js' --prefix /api --github",
    "check --routes build/routes.json --junit usage.xml --accept 'GET /v1/users/:id'",
  ],
  async run(call) {
    const { values, io } = call;
    values.refuseTogether('json', 'markdown', 'github');
    const routes = await routesOf(call);
    const storage = await call.source.readable('read');
    const declared = await declaredBy(storage, call);
    const plain = values.text('routes') === undefined ? declared.filter(isPlain) : [];
    const report = await new UsageReports(storage, io.clock).removal({
      routes: [...routes, ...plain],
      days: values.integer('days', 1, MOST_DAYS),
      service: declared[0]?.service,
      ...certaintyOf(values),
    });
    const notes = plain.filter((one) => !routes.some((route) => isSame(route, one)));
    const checked = judgeRemoval(
      report,
      values.texts('accept'),
      notes.length === 0 ? [] : [plainText(notes)],
    );
    await tell(call, checked);
    return exitCodeOf(checked);
  },
};

/** The routes of the build. */
async function routesOf(call: Call): Promise<readonly BuiltRoute[]> {
  const { values, io } = call;
  values.refuseTogether('controllers', 'routes');
  const file = values.text('routes');
  if (file !== undefined) {
    values.refuseTogether('routes', 'prefix');
    return readRoutes(io.cwd, file);
  }
  if (values.texts('controllers').length === 0)
    throw wrongUsage(
      "Which build? Give --controllers 'dist/controllers/*.js', or --routes with the file that writeRoutes() has written.",
    );
  return (await loadBuild(call)).routes;
}

/** What running instances of the build's service declare. */
async function declaredBy(
  storage: ReadableUsageStorage,
  { values, io }: Call,
): Promise<readonly RegisteredEndpoint[]> {
  if (storage.register === undefined)
    throw new CliError(EXIT.usage, `The storage '${storage.name}' keeps no register of endpoints.`);
  const nowMs = io.clock.now();
  const { endpoints } = await readRegister(storage.register, { startMs: nowMs, endMs: nowMs }, io.signal);
  const services = [...new Set(endpoints.map(({ service }) => service))].toSorted();
  const given = values.text('service');
  if (given === undefined && services.length > 1)
    throw wrongUsage(`There are the services ${services.join(', ')}; give --service.`);
  const service = given ?? services[0];
  const declared = endpoints.filter((one) => one.service === service && one.isDeclared);
  if (declared.length > 0) return declared;
  const known = services.length === 0 ? 'no service at all' : services.join(', ');
  throw new CliError(
    EXIT.unknown,
    `No tracker has registered endpoints of ${given === undefined ? 'any service' : `the service '${given}'`} yet; known: ${known}. ` +
      'One does so some seconds after it has started.',
  );
}

function isPlain({ controller }: RegisteredEndpoint): boolean {
  return controller === null;
}

function isSame(one: BuiltRoute, other: BuiltRoute): boolean {
  return one.method === other.method && one.route === other.route;
}

function plainText(plain: readonly RegisteredEndpoint[]): string {
  return `${counted(plain.length, 'plain route')} not looked at, as controllers do not tell of them; --routes may.`;
}

async function tell({ values, io, out, err }: Call, checked: CheckedRemoval): Promise<void> {
  const file = values.text('junit');
  if (file !== undefined) await writeOutput(io.cwd, 'junit', file, junitOf(checked));
  const sheet = sheetOfCheck(checked);
  if (values.has('github')) {
    await out.write(annotationsOf(checked));
    await addStepSummary(markdownOf(sheet));
  } else if (values.has('json')) await out.write(jsonText(checked));
  else if (values.has('markdown')) await out.write(markdownOf(sheet));
  else await printSheet(out, err, sheet);
}

function exitCodeOf({ removal }: CheckedRemoval): ExitCode {
  const findings = new Set(removal.map(({ finding }) => finding));
  if (findings.has('needed')) return EXIT.found;
  return findings.has('unclear') ? EXIT.unknown : EXIT.fine;
}
