// How a person works a page: with a mouse, by touch, or with nothing but a keyboard.

import { check } from './report.mjs';

const MOST_TABS = 90;

export const mouse = {
  fill: (locator, text) => locator.fill(text),
  press: (locator) => locator.click(),
};

export const touch = {
  fill: async (locator, text) => {
    await locator.tap();
    await locator.fill(text);
  },
  press: (locator) => locator.tap(),
};

export const keyboard = {
  fill: async (locator, text) => {
    await tabTo(locator);
    await locator.page().keyboard.press('Control+A');
    await locator.page().keyboard.type(text);
  },
  press: async (locator) => {
    await tabTo(locator);
    await locator.page().keyboard.press('Enter');
  },
  tick: async (locator) => {
    await tabTo(locator);
    await locator.page().keyboard.press('Space');
  },
};

/** Presses Tab until the element has the focus, and looks whether a person can see that it has. */
export async function tabTo(locator) {
  const focused = () => locator.evaluate((element) => element === document.activeElement);
  for (let tabs = 0; !(await focused()); tabs += 1) {
    if (tabs === MOST_TABS) throw new Error(`${locator} cannot be reached with the Tab key`);
    await locator.page().keyboard.press('Tab');
  }
  check(`the focus shows on ${locator}`, await locator.evaluate(ring));
}

function ring(element) {
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
  return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
}

/** Walks the whole page with Tab: every stop shows the focus, is in sight, and comes after the one before. */
export async function walk(page, name) {
  const stops = [];
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  });
  for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
    await page.keyboard.press('Tab');
    const element = await page.evaluateHandle(() => document.activeElement);
    if (await element.evaluate((e, seen) => e === document.body || seen.includes(e), stops)) break;
    const words = await element.evaluate((e) => e.innerText || e.name || e.id || e.tagName);
    check(`${name}: the focus shows on "${words}"`, await element.evaluate(ring));
    const seen = await element.evaluate((e) => {
      const { top, bottom, left, right, width, height } = e.getBoundingClientRect();
      return width > 0 && height > 0 && top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
    });
    check(`${name}: "${words}" is in sight`, seen);
    const last = stops.at(-1);
    const inOrder = !last || (await element.evaluate(
      (e, before) => Boolean(before.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING),
      last,
    ));
    check(`${name}: "${words}" comes after the stop before`, inOrder);
    stops.push(element);
  }
  return stops.length;
}
