// What must hold of every page that the program writes, in a real browser: `run` makes
// the pages, in the folder that PAGES names. A page's name says what it is (pages.mjs).
//
// One browser, one page at a time. Nothing is timed.

import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startBrowser, visit } from "./browser.mjs";
import { sorters, sorting, tabbing } from "./keys.mjs";
import { accessibility, first, painting, reordered, sideways, unfold } from "./look.mjs";
import { zooming } from "./zoom.mjs";

const FOLDER = process.env.PAGES;
assert.ok(FOLDER, "PAGES must name the folder with the pages: harness/tests/browser/run does");
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".html")).sort();
/** Every kind that pages.mjs makes. */
const KINDS = ["budgets", "compare", "compare-hostile", "cost", "errors", "explain", "explain-hostile", "explain-large", "explain-many", "hostile", "many", "one", "reference", "replay", "tune", "variants", "warm"];
const WIDTHS = [360, 800, 1600];
const SCHEMES = ["light", "dark"];
/** Looking at a page of two hundred cells, or of many drawings, takes half a minute: both ends will do. */
const MANY = [[360, "dark"], [1600, "light"]];
const sights = (name) =>
  ["many.html", "explain-large.html", "explain-many.html"].includes(name) ? MANY : WIDTHS.flatMap((width) => SCHEMES.map((scheme) => [width, scheme]));
/** The least height of text in a chart, in pixels: of one drawn for a narrow page, and of
 * a wide one that a page of 800 px shows at eight or nine tenths. */
const NARROW = 360;
const LEAST_NARROW = 10;
const LEAST_SHRUNK = 8.9;
/** A page with every mistake, and what must be said of it. */
const WRONG = fileURLToPath(new URL("wrong.html", import.meta.url));
const WRONGS = [
  /^the page is \d+ px wide in 360: div\.broad/,
  /^the page is on .* not on dark paper/,
  /^drawing 1 is on .* not on dark paper/,
  /^1 characters that reorder/,
  /^"cut" is .* outside its drawing/,
  /^"tiny" is 8\.0 px high/,
  /^"pale" has a contrast of 2\.\d+: rgb\(160,160,160\) on rgb\(255,255,255\)/,
  /^"half" has a contrast of 1\.\d+: rgb\(0,0,0\) on rgb\(32,32,32\)/,
  /^axe image-alt/,
  /^Tab does not reach <button id="lost"/,
  /^<button id="hidden">.* hides that it has the focus/,
  /aria-sort is null, then null/,
  /the rows stay where they are/,
  /^console log: hello/,
  /^error: thrown/,
  /^dialog: hello/,
  /^request: http:\/\/localhost:9\/asked.png/,
];
const MIB = 1024 * 1024;

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

/** Fails with every line at once; they say all that there is to say. */
function none(lines) {
  if (lines.length === 0) return;
  const error = new Error(lines.join("\n"));
  error.stack = error.message;
  throw error;
}

/** Headings and tables as they are read: what is shown, in order. */
function content(page) {
  return page.evaluate(() => {
    const seen = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
    const text = (one) => one.innerText.replace(/\s+/g, " ").trim();
    return {
      headings: seen("h1, h2, h3, h4").map(text),
      tables: seen("table").map((table) => [...table.tBodies].flatMap((body) => [...body.rows].map(text))),
    };
  });
}

/** Everything that must hold of how a page looks, what is folded away too. */
async function looks(page, scheme) {
  const folded = await sideways(page);
  await unfold(page);
  const found = new Set([...folded, ...(await sideways(page)), ...(await reordered(page))]);
  const least = page.viewport().width <= NARROW ? LEAST_NARROW : LEAST_SHRUNK;
  return [...found, ...(await painting(page, scheme, least)), ...(await accessibility(page))];
}

test("the checks see what is wrong", () =>
  visit(browser, WRONG, { width: 360 }, async (page, complaints) => {
    const found = [...(await looks(page, "dark")), ...(await tabbing(page)), ...complaints];
    for (const button of await sorters(page)) found.push(...(await sorting(page, button)));
    for (const what of WRONGS) assert.ok(found.some((line) => what.test(line)), `${what} in:\n${found.join("\n")}`);
  }));

test("there is a page of every kind", () => {
  assert.deepEqual(files.map((name) => name.replace(/\.html$/, "")).sort(), KINDS);
});

test("the page of the reference run is light enough to be sent about", () => {
  assert.ok(statSync(join(FOLDER, "reference.html")).size < 1.5 * MIB);
});

for (const name of ["explain-large.html", "explain-many.html"]) {
  test(`${name} stays below a megabyte`, () => {
    assert.ok(statSync(join(FOLDER, name)).size < MIB);
  });
}

test("a budget's verdict is in sight on a telephone", () =>
  visit(browser, join(FOLDER, "budgets.html"), { width: 360 }, async (page) => {
    const ends = await page.$$eval("#limited tbody td:nth-child(3)", (all) => all.map((one) => one.getBoundingClientRect().right));
    assert.ok(ends.length > 0 && ends.every((end) => end <= 360), ends.join());
  }));

for (const name of files.filter((name) => name.startsWith("explain"))) {
  describe(`${name}, zoomed into`, () => {
    for (const [width, scheme] of MANY) {
      test(`at ${width} px, ${scheme}: still quiet, whole, legible, accessible`, () =>
        visit(browser, join(FOLDER, name), { width, scheme }, async (page, complaints) => {
          const found = await zooming(page);
          found.push(...(await looks(page, scheme)));
          none([...first(complaints), ...found]);
        }));
    }
  });
}

for (const name of files) {
  const file = join(FOLDER, name);
  describe(name, () => {
    for (const [width, scheme] of sights(name)) {
      test(`at ${width} px, ${scheme}: quiet, whole, legible, accessible`, () =>
        visit(browser, file, { width, scheme }, async (page, complaints) => {
          const found = await looks(page, scheme);
          none([...first(complaints), ...found]);
        }));
    }

    test("says the same without scripts", async () => {
      const [scripted, plain] = [true, false].map((script) => visit(browser, file, { script }, content));
      const without = await plain;
      assert.ok(without.headings.length > 0, "no heading is shown");
      assert.deepEqual(without, await scripted);
    });

    test("is printed dark on light, whatever the screen prefers", () =>
      visit(browser, file, { scheme: "dark", media: "print" }, async (page, complaints) => {
        none([...(await painting(page, "light", 0)), ...first(complaints)]);
        const paper = Buffer.from(await page.pdf());
        assert.equal(paper.subarray(0, 5).toString(), "%PDF-");
      }));

    test("is worked with a keyboard", () =>
      visit(browser, file, {}, async (page, complaints) => {
        await unfold(page);
        const found = first(await tabbing(page));
        const buttons = await sorters(page);
        if (name === "compare.html") assert.ok(buttons.length > 0, "no table can be sorted");
        for (const button of buttons) found.push(...(await sorting(page, button)));
        none([...found, ...first(complaints)]);
      }));
  });
}
