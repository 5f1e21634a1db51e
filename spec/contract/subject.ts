export { idsOf, patience, storeAll } from '../../src/testing/contract/steps.js';
export type {
  OpenStorage as OpenSubject,
  StorageSubject as ContractSubject,
} from '../../src/testing/contract/subject.js';
