export {
  CURSOR,
  QUERY_METHODS,
  type QueryMethod,
  type RefusedQuery,
  refusedQueries,
} from '../../src/testing/contract/refusals.js';
