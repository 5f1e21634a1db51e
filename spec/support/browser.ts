import { suiteWith } from './describe-on.js';
import { isStrict, tell } from './pending.js';
import { TestBrowser, missingChromium } from './servers/chromium.js';

export type { OpenPage, PageOptions, TestBrowser } from './servers/chromium.js';

/**
 * A suite with a browser of its own. Pages that a spec opens are closed after it, and those that a hook `before` opens stay until the suite
 * ends. The suite is pending, with the reason in its title and in the output, where there is no Chromium; with `REQUIRE_SERVERS=1` it fails.
 */
export function describeInBrowser(
  title: string,
  body: (this: Mocha.Suite, browser: () => TestBrowser) => void,
): void {
  let launched: TestBrowser | undefined;
  let before = 0;
  const open = async (): Promise<TestBrowser> => {
    launched = await TestBrowser.launch();
    tell(launched.description);
    return launched;
  };
  suiteWith({ title, missing: missingChromium(), isRequired: isStrict(), open }, function (browser) {
    beforeEach(() => {
      before = browser().count;
    });
    afterEach(() => launched?.closeAfter(before));
    body.call(this, browser);
    after(async function () {
      this.timeout(60_000);
      await launched?.dispose();
    });
  });
}
