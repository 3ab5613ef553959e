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

/** The whole pixels around boxes, as far as they are in sight. */
function around(boxes, width) {
  const [x, y] = ["left", "top"].map((side) => Math.max(0, Math.floor(Math.min(...boxes.map((box) => box[side])))));
  const right = Math.min(width, Math.ceil(Math.max(...boxes.map((box) => box.left + box.width))));
  const bottom = Math.ceil(Math.max(...boxes.map((box) => box.top + box.height)));
  return { x, y, width: right - x, height: Math.max(1, bottom - y) };
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
  const shown = [...boxes.keys()].filter((row) => boxes[row].width >= 1 && boxes[row].height >= 1);
  const rows = shown.sort((a, b) => boxes[a].top - boxes[b].top);
  while (rows.length > 0) {
    const limit = boxes[rows[0]].top + TILE;
    const fits = rows.findIndex((row) => boxes[row].top + boxes[row].height > limit);
    const tile = rows.splice(0, fits === -1 ? rows.length : Math.max(1, fits));
    const clip = around(tile.map((row) => boxes[row]), page.viewport().width);
    if (clip.width <= 0) continue;
    const painted = await picture(page, clip);
    for (const row of tile) {
      const { left, top, width, height } = boxes[row];
      const [x, y] = [left - clip.x, top - clip.y];
      found[row] = colours(painted, { left: x, top: y, right: x + width, bottom: y + height }, share);
    }
  }
  return found;
}
