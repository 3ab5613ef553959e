// Colours of what is really painted, from pictures of the page.

import { PNG } from "pngjs";

/** Pictures are taken of so many pixels of height at a time. */
const TILE = 3000;
/** Of a box of more pixels only every third of a line, and every third line, is read. */
const LARGE = 100_000;

/** The colours that cover at least `share` of a box of a picture, and the widest in any case. */
function colours({ data, width, height }, { left, top, right, bottom }, share) {
  const step = (right - left) * (bottom - top) > LARGE ? 3 : 1;
  const counts = new Map();
  let total = 0;
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(height, bottom); y += step) {
    for (let x = Math.max(0, Math.floor(left)); x < Math.min(width, right); x += step) {
      const at = (y * width + x) * 4;
      const key = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
      counts.set(key, (counts.get(key) ?? 0) + 1);
      total += 1;
    }
  }
  const widest = [...counts].sort(([, a], [, b]) => b - a);
  const wide = widest.filter(([, count], place) => place === 0 || count >= share * total);
  return wide.map(([key]) => [key >> 16, (key >> 8) & 255, key & 255]);
}

async function picture(page, clip) {
  const bytes = await page.screenshot({ clip, captureBeyondViewport: true, optimizeForSpeed: true });
  return PNG.sync.read(Buffer.from(bytes));
}

/**
 * For every box `{left, top, width, height}`, in pixels of the page: the colours that
 * cover at least `share` of it, the widest first; none for a box that is scrolled out of
 * sight.
 */
export async function dominantColours(page, boxes, share) {
  const found = boxes.map(() => []);
  if (boxes.length === 0) return found;
  const { width } = page.viewport();
  const rows = [...boxes.keys()].sort((a, b) => boxes[a].top - boxes[b].top);
  while (rows.length > 0) {
    const y = Math.floor(boxes[rows[0]].top);
    const fits = rows.findIndex((row) => boxes[row].top + boxes[row].height > y + TILE);
    const tile = rows.splice(0, fits === -1 ? rows.length : Math.max(1, fits));
    const bottom = Math.max(...tile.map((row) => boxes[row].top + boxes[row].height));
    const painted = await picture(page, { x: 0, y, width, height: Math.ceil(bottom) - y + 1 });
    for (const row of tile) {
      const { left, top, width, height } = boxes[row];
      const box = { left, top: top - y, right: left + width, bottom: top - y + height };
      found[row] = colours(painted, box, share);
    }
  }
  return found;
}
