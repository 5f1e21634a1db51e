import { validateHeaderValue } from 'node:http';
import { expect } from 'chai';
import fc from 'fast-check';
import { TrackUsageError } from '../../../src/index.js';
import { noticeOf } from '../../../src/capture/attribution/deprecation-headers.js';
import { readDeprecation } from '../../../src/metadata/deprecation.js';
import { readAnnouncement } from '../../support/announcements.js';

describe('What a deprecation puts into headers', () => {
  for (const [link, type] of [
    ['https://shop.example/deprecation', ' text/html'],
    ['/news/v1.html#old', ' text/html'],
    ['https://shop.example', ' text/html'],
    ['/?page=v1.pdf', ' text/html'],
    ['/news/v1.md', ''],
    ['https://shop.example/openapi.json', ''],
    ['mailto:api@shop.example', ''],
  ]) {
    it(`says of the link ${link} ${type === '' ? 'no type' : `that its type is${type}`}`, () => {
      const { links } = noticeOf(readDeprecation('it', { since: '2026-01-01', link }));
      expect(readAnnouncement(new Headers({ deprecation: '@0', link: links ?? '' }))?.links).to.deep.equal([
        `${link} deprecation${type}`,
      ]);
    });
  }

  it('is announced to the second, always', () => {
    const dates = fc.date({
      min: new Date(0),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, dates, (one, other) => {
        const [since, sunset] = one < other ? [one, other] : [other, one];
        const notice = noticeOf(readDeprecation('it', { since, sunset: sunset.toISOString() }));
        const headers = new Headers({ deprecation: notice.since, sunset: notice.sunset ?? '' });
        const second = (date: Date): string => `${date.toISOString().slice(0, 19)}.000Z`;
        expect(readAnnouncement(headers)).to.deep.equal({
          since: second(since),
          sunset: second(sunset),
          links: [],
        });
      }),
    );
  });

  it('is either refused or keeps to its place in the header, always', () => {
    // The table of all characters, which fast-check makes for its own URLs and texts, takes seconds.
    const targets = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'az09/:?#[]@.~%2f') }),
      fc.string({ unit: fc.constantFrom(...'<>"\';,=a/ \r\n\t\u00e9') }),
      fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
    );
    fc.assert(
      fc.property(targets, (replacement) => {
        try {
          const { links } = noticeOf(readDeprecation('it', { since: '2026-01-01', replacement }));
          validateHeaderValue('Link', links ?? '');
          const headers = new Headers({ deprecation: '@0', link: links ?? '' });
          expect(readAnnouncement(headers)?.links).to.deep.equal([`${replacement} successor-version`]);
        } catch (error) {
          if (!(error instanceof TrackUsageError)) throw error;
          expect(error.message).to.include("'replacement' is");
        }
      }),
    );
  });
});
