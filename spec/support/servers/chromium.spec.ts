import type { Context } from 'koa';
import { expect } from 'chai';
import { describeInBrowser } from '../browser.js';
import { type Served, serve } from '../serve.js';

const POLICY = "default-src 'none'; script-src 'nonce-known'; style-src 'nonce-known'; connect-src 'self'";

function page(body: string, style = ''): string {
  const head = `<title>Page</title><style nonce="known">${style}</style>`;
  return `<!doctype html><html lang="en"><head>${head}</head><body><main><h1>Page</h1>${body}</main></body></html>`;
}

const script = (text: string): string => `<script nonce="known">${text}</script>`;

const PAGES: Readonly<Record<string, string>> = {
  '/sound': page('<p>Sound.</p>', '@media (prefers-color-scheme: dark) { p { color: white } }'),
  '/unnamed': page('<p>An image without a text:</p><img width="9" height="9">'),
  '/styled': page('<p style="color: green">Styled.</p>'),
  '/scripted': page('<script>document.title = "changed"</script>'),
  '/elsewhere': page('<img alt="" src="http://elsewhere.example/a.png">'),
  '/complaining': page(script('console.error("as was to be expected")')),
  '/throwing': page(
    script('setTimeout(() => { document.title = "thrown"; throw new TypeError("thrown late") })'),
  ),
  '/cut': page(`<p>Not whole.</p>${script('fetch("/hung-up").catch(() => document.title = "cut")')}`),
};

describeInBrowser('A browser in specs', (browser) => {
  let served: Served;

  before(async () => {
    const answer = (context: Context): void => {
      const html = PAGES[context.path];
      if (html === undefined) return void context.res.destroy();
      context.set('Content-Security-Policy', POLICY);
      context.body = html;
    };
    served = await serve({ between: [answer] });
  });

  // There is none where there is no browser.
  after(() => (served as Served | undefined)?.close());

  const troublesOf = async (path: string, javaScript = true): Promise<readonly string[]> => {
    const opened = await browser().open(served.origin + path, { javaScript });
    return opened.troubles();
  };

  it('finds nothing wrong with a sound page, however it is shown', async () => {
    const differently = { colorScheme: 'dark', width: 360, media: 'print', javaScript: false } as const;
    for (const options of [{}, differently]) {
      const opened = await browser().open(`${served.origin}/sound`, options);
      expect(await opened.troubles()).to.deep.equal([]);
      expect(await opened.violations()).to.deep.equal([]);
    }
  });

  it('shows a page as it is told', async () => {
    const options = { colorScheme: 'dark', width: 360, media: 'print' } as const;
    const { page: shown } = await browser().open(`${served.origin}/sound`, options);
    const queries = ['print', 'screen', '(width: 360px)', '(prefers-color-scheme: dark)'];
    const matching: string[] = [];
    for (const query of queries)
      if (await shown.evaluate<boolean>(`matchMedia('${query}').matches`)) matching.push(query);
    expect(matching).to.deep.equal(queries.filter((query) => query !== 'screen'));
  });

  it("finds what offends against the page's policy, with scripts and without", async () => {
    for (const javaScript of [true, false]) {
      expect(await troublesOf('/styled', javaScript)).to.include('policy: style-src-attr inline');
    }
    expect(await troublesOf('/scripted')).to.include('policy: script-src-elem inline');
    expect(await troublesOf('/elsewhere')).to.include('policy: img-src http://elsewhere.example/a.png');
  });

  it('finds errors in the console and of scripts, and none where scripts may not run', async () => {
    expect(await troublesOf('/complaining')).to.deep.equal(['console: as was to be expected']);
    const opened = await browser().open(`${served.origin}/throwing`);
    await opened.page.waitForFunction("document.title === 'thrown'");
    expect(await opened.troubles()).to.deep.equal(['page: thrown late']);
    expect(await troublesOf('/complaining', false)).to.deep.equal([]);
  });

  it('finds requests that fail', async () => {
    const opened = await browser().open(`${served.origin}/cut`);
    await opened.page.waitForFunction("document.title === 'cut'");
    expect((await opened.troubles()).join('\n')).to.include(`request: ${served.origin}/hung-up`);
  });

  it('reaches nothing but this machine', async () => {
    const opening = browser().open('http://elsewhere.example/');
    expect(
      await opening.then(
        () => 'opened',
        ({ message }: Error) => message,
      ),
    ).to.include('ERR_NAME_NOT_RESOLVED');
  });

  it('finds what axe-core has to say against a page', async () => {
    const opened = await browser().open(`${served.origin}/unnamed`);
    expect(await opened.violations()).to.deep.equal(['image-alt (critical): img']);
  });
});
