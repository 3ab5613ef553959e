// What is wrong with how a page looks: each check gives lines of text, none when all is
// well. They run in the page, where sizes and colours are what the browser made of them.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dominantColours } from "./pixels.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** WCAG 1.4.3, for text of any size. */
const LEAST_CONTRAST = 4.5;
/** A label may lie over two surfaces; one under less of it than this is a line or edge. */
const LEAST_SHARE = 0.2;

/** So many lines are shown of one check: a wrong style is wrong a hundred times. */
export function first(lines, most = 5) {
  const more = lines.length - most;
  return more > 0 ? [...lines.slice(0, most), `and ${more} more`] : lines;
}

/** What is folded away is looked at too. */
export function unfold(page) {
  return page.evaluate(() => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
  });
}

/** The page itself never scrolls sideways; what is wide scrolls in a frame of its own. */
export function sideways(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.scrollingElement;
    if (scrollWidth <= clientWidth) return [];
    const name = (one) => `${one.localName}.${one.getAttribute("class") ?? ""}`;
    const right = (one) => one.getBoundingClientRect().right;
    const widest = [...document.body.querySelectorAll("*")].sort((a, b) => right(b) - right(a))[0];
    return [`the page is ${scrollWidth} px wide in ${clientWidth}: ${name(widest)} ends at ${right(widest)}`];
  });
}

/** Direction-changing characters reorder what is read: none may be left. */
export function reordered(page) {
  return page.evaluate(() => {
    const found = document.documentElement.outerHTML.match(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g);
    return found ? [`${found.length} characters that reorder text`] : [];
  });
}

/**
 * Every visible piece of text in an inline SVG: `{text, box, seen, drawing, size, fill,
 * halo}`, boxes in pixels of the page, colours as `[r, g, b, a]`; `seen` is what of the box
 * is in sight.
 */
function texts(page) {
  return page.evaluate(() => {
    const box = (one) => {
      const { left, top, width, height } = one.getBoundingClientRect();
      return { left: left + scrollX, top: top + scrollY, width, height };
    };
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    // Whatever way a colour is written, it is what it paints; "none" paints nothing.
    const painted = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = "transparent";
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    };
    const frame = (one) => (!one || getComputedStyle(one).overflowX !== "visible" ? one : frame(one.parentElement));
    // What is scrolled out of its frame, or mostly so, has nothing painted below it.
    const seen = (one) => {
      const whole = box(one);
      const around = frame(outermost(one).parentElement);
      const { left, width } = around ? box(around) : { left: 0, width: innerWidth };
      const from = Math.max(whole.left, left, 0);
      const to = Math.min(whole.left + whole.width, left + width, innerWidth);
      return { ...whole, left: from, width: to - from < whole.width / 2 ? 0 : to - from };
    };
    const says = (one) => [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const outermost = (one) => (one.ownerSVGElement ? outermost(one.ownerSVGElement) : one);
    const opacity = (one) => (one ? Number(getComputedStyle(one).opacity) * opacity(one.parentElement) : 1);
    const describe = (one) => {
      const style = getComputedStyle(one);
      const [red, green, blue, alpha] = painted(style.fill);
      const through = alpha * Number(style.fillOpacity) * opacity(one);
      const { a, b, c, d } = one.closest("text").getScreenCTM();
      const stroked = style.paintOrder.startsWith("stroke") && parseFloat(style.strokeWidth) >= 2;
      return {
        text: one.textContent.trim().slice(0, 40),
        box: box(one),
        seen: seen(one),
        drawing: box(outermost(one)),
        size: parseFloat(style.fontSize) * Math.sqrt(Math.abs(a * d - b * c)),
        fill: [red, green, blue, through],
        halo: stroked && style.stroke !== "none" ? painted(style.stroke) : undefined,
      };
    };
    return [...document.querySelectorAll("svg text, svg tspan")]
      .filter((one) => says(one) && one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
      .map(describe)
      .filter(({ box }) => box.width > 0 && box.height > 0);
  });
}

/** A drawing cuts off what is outside its box. */
function clipped({ text, box, drawing }) {
  const over = Math.max(
    drawing.left - box.left,
    drawing.top - box.top,
    box.left + box.width - drawing.left - drawing.width,
    box.top + box.height - drawing.top - drawing.height,
  );
  return over > 1 ? [`"${text}" is ${over.toFixed(1)} px outside its drawing`] : [];
}

function small({ text, size }, least) {
  return size < least - 0.01 ? [`"${text}" is ${size.toFixed(1)} px high`] : [];
}

/** Relative luminance and contrast, as WCAG 2.2 defines them. */
function luminance(colour) {
  const linear = colour.slice(0, 3).map((one) => {
    const share = one / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** The colour that is seen when one that lets light through lies over another. */
function over([red, green, blue, alpha], below) {
  return [red, green, blue].map((one, place) => one * alpha + below[place] * (1 - alpha));
}

function faint({ text, fill, halo }, surfaces) {
  const against = halo ? [halo] : surfaces;
  return against.flatMap((surface) => {
    const ratio = contrast(over(fill, surface), surface);
    const shown = `rgb(${fill.slice(0, 3)}) on rgb(${surface.slice(0, 3)})`;
    return ratio < LEAST_CONTRAST ? [`"${text}" has a contrast of ${ratio.toFixed(2)}: ${shown}`] : [];
  });
}

/** The boxes that must be on the asked paper: the top of the page, and every drawing. */
function papers(page) {
  return page.evaluate(() => {
    const drawings = [...document.querySelectorAll("svg")].filter((one) => one.checkVisibility());
    const box = (one) => {
      const { left, top, width, height } = one.getBoundingClientRect();
      return { left: left + scrollX, top: top + scrollY, width, height };
    };
    const shown = drawings.map(box).filter(({ width, height }) => width > 0 && height > 0);
    return [{ left: 0, top: 0, width: innerWidth, height: innerHeight }, ...shown];
  });
}

/** The page or a drawing on the wrong paper: `scheme` is light or dark. */
function wrongPaper(scheme, [colour], place) {
  if (!colour) return [];
  const right = scheme === "light" ? luminance(colour) > 0.8 : luminance(colour) < 0.2;
  const name = place === 0 ? "the page" : `drawing ${place}`;
  return right ? [] : [`${name} is on rgb(${colour}), not on ${scheme} paper`];
}

/** Hides the text of drawings, or shows it again; a page's own policy cannot forbid it. */
function hideText(page, hidden) {
  return page.evaluate((hidden) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("svg text, svg tspan { visibility: hidden !important }");
    document.adoptedStyleSheets = hidden ? [sheet] : [];
  }, hidden);
}

/**
 * The paper is the asked one; the text of charts, which axe skips, is whole, at least
 * `least` pixels high, and dark or light enough for what is really painted below it.
 */
export async function painting(page, scheme, least) {
  const [found, sheets] = [await texts(page), await papers(page)];
  await hideText(page, true);
  const boxes = [...sheets, ...found.map(({ seen }) => seen)];
  const colours = await dominantColours(page, boxes, LEAST_SHARE);
  await hideText(page, false);
  const under = colours.splice(sheets.length);
  return [
    ...first(colours.flatMap((paper, place) => wrongPaper(scheme, paper, place))),
    ...first(found.flatMap(clipped)),
    ...first(found.flatMap((text) => small(text, least))),
    ...first(found.flatMap((text, place) => faint(text, under[place]))),
  ];
}

/** What axe finds, with the first place of each. */
export async function accessibility(page) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async (values) => {
    const runOnly = { type: "tag", values };
    const done = await axe.run(document, { runOnly, resultTypes: ["violations"], preload: false });
    return done.violations.map(({ id, help, nodes }) => ({ id, help, count: nodes.length, html: nodes[0].html }));
  }, TAGS);
  return violations.map(({ id, help, count, html }) => `axe ${id} (${count}): ${help}: ${html.slice(0, 120)}`);
}
