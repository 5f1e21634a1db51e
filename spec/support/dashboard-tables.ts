import { type ParsedElement, elementsIn, linksIn } from './parsed-html.js';

/** A table of a page. */
export interface PageTable {
  /** What it is called for those who cannot see where it stands. */
  readonly caption: string;
  readonly titles: readonly string[];
  /** The text of each cell, row by row. */
  readonly rows: readonly (readonly string[])[];
  /** Where each row leads to. */
  readonly links: readonly (readonly string[])[];
}

/**
 * The tables of a page, by their captions.
 *
 * @throws an error if one is not rectangular, or two have one caption
 */
export function tablesIn(page: ParsedElement): Readonly<Record<string, PageTable>> {
  const regions = elementsIn(page, 'div').filter(({ attributes }) => attributes['class'] === 'table');
  const tables = regions.map(tableOf);
  const byCaption = Object.fromEntries(tables.map((table) => [table.caption, table]));
  if (Object.keys(byCaption).length !== elementsIn(page, 'table').length)
    throw new Error('Not every table stands in a region with a name of its own.');
  return byCaption;
}

function tableOf(region: ParsedElement): PageTable {
  const [head, ...others] = elementsIn(region, 'thead').flatMap((part) => elementsIn(part, 'tr'));
  const rows = elementsIn(region, 'tbody').flatMap((body) => elementsIn(body, 'tr'));
  const titles = elementsIn(head as ParsedElement, 'th').map(({ text }) => text);
  const cells = rows.map((row) => row.elements.map(({ text }) => text));
  if (others.length > 0 || cells.some(({ length }) => length !== titles.length))
    throw new Error(`The table '${region.attributes['aria-label']}' is not rectangular.`);
  return {
    caption: region.attributes['aria-label'] ?? '',
    titles,
    rows: cells,
    links: rows.map((row) => linksIn(row)),
  };
}

/** The text of the first element of a class; null for none. */
export function textOfClass(page: ParsedElement, name: string): string | null {
  return textsOfClass(page, name)[0] ?? null;
}

/** The texts of all elements of a class, in the order of the page. */
export function textsOfClass(page: ParsedElement, name: string): string[] {
  const own = page.attributes['class']?.split(' ').includes(name) === true ? [page.text] : [];
  return [...own, ...page.elements.flatMap((element) => textsOfClass(element, name))];
}
