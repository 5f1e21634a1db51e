/** Values that no integer option takes, with how an error shows them. */
export const NO_INTEGERS: readonly (readonly [value: unknown, shown: string])[] = [
  [0, '0'],
  [-1, '-1'],
  [1.5, '1.5'],
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
  ['Infinity', "'Infinity'"],
  ['500', "'500'"],
  [null, 'null'],
  [true, 'true'],
  [10n, '10n'],
];
