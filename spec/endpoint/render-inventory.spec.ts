import { expect } from 'chai';
import { type TrackUsageOptions, renderInventory, trackUsage } from '../../src/index.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';

/** The page of an application that has no actions. */
async function pageOf(options: TrackUsageOptions): Promise<string> {
  const { tracker } = trackUsage({ storage: new MemoryStorage(), serverName: 'shop', ...options });
  const page = renderInventory({ ...tracker.inventory(), actions: [] });
  await tracker.close();
  return page;
}

describe('The page of an inventory', () => {
  let plain: string;

  before(async () => {
    plain = await pageOf({});
  });

  for (const [options, before, after] of [
    [{ geo: () => null }, 'Location: not looked up', 'Location: looked up by `geo` from the full address'],
    [{ geo: () => null }, 'Location: not', 'an end point learns it, and may be a third party'],
    [
      { user: () => null },
      'User name: that of Basic authentication',
      'which may be a pseudonym (`hashUser`)',
    ],
    [
      { visitors: true },
      'Visitors: not told apart',
      'deleted 48 hours after that day began if a tracker runs then, else when the next one starts',
    ],
    [{ trustProxy: 1 }, "Client's address: the socket's\n", 'address: as trusted proxies tell it'],
    [{ keepUserAgent: false }, 'User-Agent header: kept', 'User-Agent header: not kept'],
    [{ respect: { gpc: 'skip' } }, 'Sec-GPC: ignore; DNT: ignore', 'Sec-GPC: skip; DNT: ignore'],
    [{ bots: 'skip' }, 'Known bots: recorded and tagged', 'Known bots: not recorded'],
    [{ keepErrors: true }, 'failed: sampled as others are', 'failed: all recorded'],
    [{ ignorePaths: ['/a|b', /c*/] }, 'left out: none', String.raw`left out: /a\|b, /c\*/`],
    [{ ignore: () => false }, 'left out: none', 'left out: what the function `ignore` says'],
    [{ redact: () => undefined }, 'before they are stored: no', 'stored: as the function `redact` says'],
    [{ ip: 'none' }, '| – | yes | truncate | none |', '| – | yes | none | none |'],
    [
      { defaultPolicy: 'include', trackUnmatched: true },
      '| any other request | – | no (default) | – |',
      '| any other request | – | yes (default) | truncate |',
    ],
  ] as readonly (readonly [TrackUsageOptions, string, string])[]) {
    it(`says '${after}' where ${Object.keys(options).join()} is set`, async () => {
      const page = await pageOf(options);
      expect(plain).to.include(before).and.not.include(after);
      expect(page).to.include(after).and.not.include(before);
    });
  }
});
