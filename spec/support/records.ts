export {
  TEXT_FIELDS,
  makeRecord,
  makeRecords,
  newestFirst,
  withEveryText,
} from '../../src/testing/contract/records.js';
