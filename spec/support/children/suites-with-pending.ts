import { leavePending } from '../pending.js';

it('runs', () => undefined);

it('has no body');

it('has no body either, as it takes MongoDB itself');

it('is left out', function () {
  leavePending(this, 'There is no moon');
});

it('is left out too', function () {
  leavePending(this, 'It takes MongoDB itself');
});

it('says nothing', function () {
  this.skip();
});
