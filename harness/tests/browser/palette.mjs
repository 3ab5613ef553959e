// Small pictures: a PNG of at most 256 colours, one byte a pixel. A page is text on
// paper, and text has few colours; the format's usual three bytes are wasted on it.

import { deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MOST = 256;

/** The check value that ends every part of the format (its annex D). */
const CRC = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function part(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  let crc = 0xffffffff;
  for (const byte of body) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A channel in steps of a power of two, so that white and black stay what they are. */
function coarse(value, bits) {
  const step = 1 << bits;
  return Math.min(255, Math.round(value / step) * step);
}

/** The number of each pixel's colour, and the colours; none when they are too many. */
function index({ data, width, height }, bits) {
  const numbers = new Map();
  const pixels = Buffer.alloc(width * height);
  for (let at = 0; at < pixels.length; at += 1) {
    const [red, green, blue] = data.subarray(at * 4, at * 4 + 3);
    const colour = (coarse(red, bits) << 16) | (coarse(green, bits) << 8) | coarse(blue, bits);
    if (!numbers.has(colour)) numbers.set(colour, numbers.size);
    pixels[at] = numbers.get(colour);
  }
  return numbers.size <= MOST ? { pixels, colours: [...numbers.keys()] } : undefined;
}

/** The file of a picture `{data, width, height}`, opaque, its colours as true as fit. */
export function palettePng(picture) {
  let indexed;
  for (let bits = 0; !indexed; bits += 1) indexed = index(picture, bits);
  const { width, height } = picture;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  // Eight bits of palette; the three zeros are the format's only methods.
  head.set([8, 3, 0, 0, 0], 8);
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    indexed.pixels.copy(lines, y * (width + 1) + 1, y * width, (y + 1) * width);
  }
  const palette = Buffer.from(indexed.colours.flatMap((one) => [one >> 16, (one >> 8) & 255, one & 255]));
  const parts = [part("IHDR", head), part("PLTE", palette), part("IDAT", deflateSync(lines, { level: 9 }))];
  return Buffer.concat([SIGNATURE, ...parts, part("IEND", Buffer.alloc(0))]);
}
