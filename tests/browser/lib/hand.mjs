// How a person works a page: with a mouse, by touch, or with nothing but a keyboard.

import { check } from './report.mjs';

const MOST_TABS = 40;

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
};

/** Presses Tab until the element has the focus, and looks whether a person can see that it has. */
async function tabTo(locator) {
  const focused = () => locator.evaluate((element) => element === document.activeElement);
  for (let tabs = 0; !(await focused()); tabs += 1) {
    if (tabs === MOST_TABS) throw new Error(`${locator} cannot be reached with the Tab key`);
    await locator.page().keyboard.press('Tab');
  }
  const ring = await locator.evaluate((element) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
  });
  check(`the focus shows on ${locator}`, ring);
}
