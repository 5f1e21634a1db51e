import { existsSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContext, type CDPSession, type Page, chromium } from 'playwright-core';
import { NoServer } from '../servers.js';
import { type TemporaryFolder, temporaryFolder } from '../sqlite.js';
import { findProgram } from './engine.js';
import { guardFolder, guardProcess, releaseFolder, releaseProcess } from './guard.js';

/** The environment variable with the path of a browser. */
const VARIABLE = 'CHROMIUM';

/** No name but the machine's own is found: a page that asks for something elsewhere is seen to fail, on every machine. */
const LOOPBACK_ALONE = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost';

/** The rules that pages are held against: WCAG 2.2 up to AA, and good practice. By their tags, as some are left out by default. */
const AXE = {
  preload: false,
  resultTypes: ['violations'],
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
};

/** How a page is shown. */
export interface PageOptions {
  /** What the user prefers. @default 'light' */
  readonly colorScheme?: 'light' | 'dark';
  /** In CSS pixels. @default 1280 */
  readonly width?: number;
  /** Whether scripts of the page run. @default true */
  readonly javaScript?: boolean;
  /** @default 'screen' */
  readonly media?: 'screen' | 'print';
}

/** What Chromium tells of a page that has offended against its own policy; the rest of an issue is of no interest. */
interface Issue {
  readonly issue: {
    readonly details: {
      readonly contentSecurityPolicyIssueDetails?: {
        readonly violatedDirective: string;
        readonly blockedURL?: string;
      };
    };
  };
}

/** A page in a context of its own: no cookie and no cache is shared. */
export class OpenPage {
  readonly page: Page;
  readonly #session: CDPSession;
  readonly #runsScripts: boolean;
  readonly #troubles: string[] = [];

  /** @param session - the browser's own protocol, which tells of offences against the page's policy even where no script may run */
  constructor(page: Page, session: CDPSession, runsScripts: boolean) {
    this.page = page;
    this.#session = session;
    this.#runsScripts = runsScripts;
    page.on('console', (message) => {
      if (message.type() === 'error') this.#troubles.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.#troubles.push(`page: ${error.message}`));
    page.on('requestfailed', (request) => {
      this.#troubles.push(`request: ${request.url()} ${request.failure()?.errorText ?? ''}`);
    });
    session.on('Audits.issueAdded', ({ issue }: Issue) => {
      const { contentSecurityPolicyIssueDetails: offence } = issue.details;
      if (offence !== undefined)
        this.#troubles.push(`policy: ${offence.violatedDirective} ${offence.blockedURL ?? 'inline'}`);
    });
  }

  /** To be called before it is opened. */
  async prepare(): Promise<void> {
    await this.#session.send('Audits.enable');
    await this.#allowScripts(this.#runsScripts);
  }

  /** What went wrong by now: errors in the console (`console: …`) and of scripts (`page: …`), requests that failed, and offences against the policy. */
  async troubles(): Promise<readonly string[]> {
    // What the browser has told by its answer is here when the answer is.
    await this.page.evaluate('0');
    return this.#troubles;
  }

  /**
   * Holds the page against the rules of axe-core, those of WCAG and of good practice.
   *
   * @param rules - the names of those that it is held against. @default all
   * @returns a line for each element that offends, such as `image-alt (critical): img`
   */
  async violations(rules?: readonly string[]): Promise<string[]> {
    // axe-core waits for timers, which run only where scripts may. Those of the page do not start again.
    await this.#allowScripts(true);
    // The protocol's own scripts are not subject to the page's policy.
    if (await this.page.evaluate("typeof axe === 'undefined'")) await this.page.evaluate(axe.source);
    const options = rules === undefined ? AXE : { ...AXE, runOnly: { type: 'rule', values: rules } };
    const { violations } = await this.page.evaluate<AxeResults>(
      `axe.run(document, ${JSON.stringify(options)})`,
    );
    await this.#allowScripts(this.#runsScripts);
    return violations.flatMap(({ id, impact, nodes }) =>
      nodes.map(({ target }) => `${id} (${impact}): ${target.join(' ')}`),
    );
  }

  async #allowScripts(areAllowed: boolean): Promise<void> {
    await this.#session.send('Emulation.setScriptExecutionDisabled', { value: !areAllowed });
  }
}

/** A browser without a window, in which specs open pages of the loopback interface. */
export class TestBrowser {
  /** `Chromium 156.0.8078.114 (chromium)` */
  readonly description: string;
  readonly #browser: Browser;
  readonly #folder: TemporaryFolder;
  readonly #pid: number;
  #contexts: readonly BrowserContext[] = [];

  private constructor(browser: Browser, folder: TemporaryFolder, pid: number, file: string) {
    this.#browser = browser;
    this.#folder = folder;
    this.#pid = pid;
    this.description = `Chromium ${browser.version()} (${basename(file)})`;
  }

  /**
   * Starts the browser of this machine with a profile of its own.
   *
   * @throws {NoServer} if it cannot be had.
   */
  static async launch(): Promise<TestBrowser> {
    const file = findChromium();
    if (file === undefined) throw new NoServer(missingChromium());
    const folder = await temporaryFolder();
    guardFolder(folder.path);
    try {
      const context = await chromium.launchPersistentContext(folder.file('profile'), {
        executablePath: file,
        artifactsDir: folder.file('artifacts'),
        // Root may not use it, containers often cannot, and the pages are the specs' own.
        chromiumSandbox: false,
        args: [LOOPBACK_ALONE],
        // A signal is for the specs' process.
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      });
      const pid = await pidOf(folder);
      guardProcess(pid);
      return new TestBrowser(context.browser() as Browser, folder, pid, file);
    } catch (error) {
      await remove(folder);
      // Further lines repeat how it was started.
      const [why] = (error as Error).message.split('\n', 1);
      throw new NoServer(`Chromium is missing: ${file} does not run: ${why}`, { cause: error });
    }
  }

  /** How many pages are open. */
  get count(): number {
    return this.#contexts.length;
  }

  /** Opens a page, and waits until it has loaded. */
  async open(url: string, options: PageOptions = {}): Promise<OpenPage> {
    const { colorScheme = 'light', width = 1280, javaScript = true, media = 'screen' } = options;
    const context = await this.#browser.newContext({ colorScheme, viewport: { width, height: 800 } });
    this.#contexts = [...this.#contexts, context];
    const page = await context.newPage();
    const opened = new OpenPage(page, await context.newCDPSession(page), javaScript);
    await opened.prepare();
    await page.goto(url);
    // Opening a page undoes it, where there are two sessions.
    await page.emulateMedia({ media });
    return opened;
  }

  /** Closes all pages but those that were opened first. */
  async closeAfter(count: number): Promise<void> {
    const closed = this.#contexts.slice(count);
    this.#contexts = this.#contexts.slice(0, count);
    await Promise.all(closed.map((context) => context.close()));
  }

  /** Ends the browser, and leaves nothing behind. */
  async dispose(): Promise<void> {
    await this.#browser.close();
    releaseProcess(this.#pid);
    await remove(this.#folder);
  }
}

/** The number of the browser's process, which it writes beside its profile's files: `host-1234`. */
async function pidOf(folder: TemporaryFolder): Promise<number> {
  const lock = await readlink(folder.file('profile/SingletonLock'));
  return Number(lock.slice(lock.lastIndexOf('-') + 1));
}

async function remove(folder: TemporaryFolder): Promise<void> {
  await folder.remove();
  releaseFolder(folder.path);
}

/** Why there can be no browser; nothing if there may be one. */
export function missingChromium(): string | undefined {
  if (findChromium() !== undefined) return undefined;
  return `Chromium is missing: no ${VARIABLE} that names a program, and neither chromium nor google-chrome on the path`;
}

function findChromium(): string | undefined {
  const named = process.env[VARIABLE] ?? '';
  if (named !== '') return existsSync(named) ? named : undefined;
  return findProgram('chromium', 'google-chrome', 'chromium-browser');
}
