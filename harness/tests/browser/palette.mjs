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

/** Every pixel's colour as a number, and how many pixels have each. */
function count({ data, width, height }) {
  const pixels = new Uint32Array(width * height);
  const counts = new Map();
  for (let at = 0; at < pixels.length; at += 1) {
    const colour = (data[at * 4] << 16) | (data[at * 4 + 1] << 8) | data[at * 4 + 2];
    pixels[at] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  return { pixels, counts };
}

const channels = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];

function distance(one, other) {
  const [a, b] = [channels(one), channels(other)];
  return a.reduce((sum, value, place) => sum + (value - b[place]) ** 2, 0);
}

/** The most frequent colours stay exactly what they are; a rare one becomes its nearest. */
function index(picture) {
  const { pixels, counts } = count(picture);
  const often = [...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour);
  const colours = often.slice(0, MOST);
  const places = new Map(colours.map((colour, place) => [colour, place]));
  for (const colour of often.slice(MOST)) {
    const far = colours.map((other) => distance(colour, other));
    places.set(colour, far.indexOf(Math.min(...far)));
  }
  return { colours, pixels: Buffer.from(Array.from(pixels, (one) => places.get(one))) };
}

/** The file of an opaque picture `{data, width, height}`. */
export function palettePng(picture) {
  const indexed = index(picture);
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
  const palette = Buffer.from(indexed.colours.flatMap(channels));
  const parts = [part("IHDR", head), part("PLTE", palette), part("IDAT", deflateSync(lines, { level: 9 }))];
  return Buffer.concat([SIGNATURE, ...parts, part("IEND", Buffer.alloc(0))]);
}
