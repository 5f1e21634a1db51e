export { HOSTILE_JSON, HOSTILE_TEXTS } from '../../src/testing/contract/hostile-values.js';
