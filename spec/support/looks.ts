import type { OpenPage } from './browser.js';

/** The rules that depend on colours and places; for the others, one look is as good as another. */
const COLOURS = ['color-contrast'];
const PLACES = ['target-size', 'scrollable-region-focusable'];

/** How readers see a page: its colours, its width in CSS pixels, and whether it is on paper. A sheet of A4 has 794 pixels. */
const LOOKS = {
  light: { colorScheme: 'light', media: 'screen', width: 1280, rules: undefined },
  dark: { colorScheme: 'dark', media: 'screen', width: 1280, rules: COLOURS },
  narrow: { colorScheme: 'light', media: 'screen', width: 360, rules: PLACES },
  paper: { colorScheme: 'light', media: 'print', width: 794, rules: COLOURS },
} as const;

type Look = keyof typeof LOOKS;

const OVERFLOW = `(() => {
  const room = document.documentElement.clientWidth;
  const isWithin = (element) => element.closest('.table, svg, .skip') === null;
  const wide = [...document.body.querySelectorAll('*')]
    .filter((element) => isWithin(element) && element.getBoundingClientRect().right > room + 1)
    .map((element) => element.tagName.toLowerCase() + '.' + element.className);
  return document.documentElement.scrollWidth > room ? ['the page is wider than its window', ...wide] : wide;
})()`;

/** What is wrong with an open page in these looks: what stands out of it at the right, and what offends against the rules of access. */
export async function faultsOf(
  open: OpenPage,
  looks: readonly Look[] = ['light', 'dark', 'narrow', 'paper'],
): Promise<string[]> {
  const faults: string[] = [];
  for (const look of looks) {
    const { width, rules, ...media } = LOOKS[look];
    await open.page.setViewportSize({ width, height: 800 });
    await open.page.emulateMedia(media);
    const found = [...(await open.page.evaluate<string[]>(OVERFLOW)), ...(await open.violations(rules))];
    faults.push(...found.map((fault) => `${look}: ${fault}`));
  }
  return faults;
}
