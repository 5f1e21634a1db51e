import { describeOn, describeOnOwn } from '../describe-on.js';

describeOn('mongodb', () => {
  it('runs where there is a server', () => undefined);
});

describeOnOwn('mongodb', () => {
  it('runs where there is a server of its own', () => undefined);
});

describeOn('mongod', () => {
  it('runs where there is MongoDB itself', () => undefined);
});
