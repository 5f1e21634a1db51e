export {
  type OpenStorage as OpenSubject,
  type StorageSubject as ContractSubject,
  idsOf,
  patience,
  storeAll,
} from '../../src/testing/contract/subject.js';
