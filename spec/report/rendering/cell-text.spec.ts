import { expect } from 'chai';
import { cellText } from '../../../src/report/rendering/cell-text.js';

describe('The text of a cell', () => {
  it('takes one format for all moments of a time zone, as each takes long to make', () => {
    const { DateTimeFormat } = Intl;
    const zone = { timeZone: 'Pacific/Chatham', asOf: new Date(0) };
    let made = 0;
    Intl.DateTimeFormat = new Proxy(DateTimeFormat, {
      construct(target, given) {
        made += 1;
        return Reflect.construct(target, given) as object;
      },
    });
    try {
      const texts = Array.from({ length: 100 }, (_, hour) =>
        cellText(new Date(hour * 3_600_000), 'moment', zone, 'absolute'),
      );
      expect(texts.slice(0, 2)).to.deep.equal(['1970-01-01 12:45', '1970-01-01 13:45']);
    } finally {
      Intl.DateTimeFormat = DateTimeFormat;
    }
    // One for days, and one for times of day.
    expect(made).to.be.at.most(2);
  });
});
