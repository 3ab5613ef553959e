// Makes results/reference/screenshots again: what the pages and the terminal look like,
// for those who read about the program before they run it.
//
//   node screenshots.mjs PROGRAM
//
// A run's page wide, narrow and dark; a comparison's page; the program's own output, from
// a pseudo-terminal, drawn by a terminal's renderer.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PNG } from "pngjs";
import { startBrowser, visit } from "./browser.mjs";
import { palettePng } from "./palette.mjs";
import { copyReference, recordedComparison, ROOT } from "./pages.mjs";

const FOLDER = join(ROOT, "results/reference/screenshots");
/** So much of a page's top is shown, in pixels. */
const HEIGHT = 2400;
/** A picture in a repository stays there for ever: none may be larger, in bytes. */
const MOST = 400 * 1024;
const COLUMNS = 100;
const TERMINAL = {
  cols: COLUMNS,
  fontFamily: "DejaVu Sans Mono",
  fontSize: 14,
  allowProposedApi: true,
  cursorInactiveStyle: "none",
  theme: { background: "#1b1b1b", foreground: "#e4e4e4" },
};

/** Keeps a picture, packed again as tightly as its few colours allow. */
function keep(name, bytes) {
  const file = join(FOLDER, name);
  writeFileSync(file, palettePng(PNG.sync.read(Buffer.from(bytes))));
  const { size } = statSync(file);
  if (size > MOST) throw new Error(`${name} has ${size} bytes, more than ${MOST}: show less of it`);
}

/** The top of a page, as it is when it opens. */
function shoot(browser, file, how, name) {
  return visit(browser, file, how, async (page) => {
    const height = await page.evaluate(() => Math.ceil(document.documentElement.getBoundingClientRect().height));
    await page.setViewport({ width: how.width, height: Math.min(HEIGHT, height) });
    keep(name, await page.screenshot());
  });
}

/** What a terminal gets when the words are typed in a folder, escape codes and all. */
function typed(folder, command) {
  const words = `stty cols ${COLUMNS} rows 50; ${command}`;
  const { NO_COLOR, CI, ...rest } = process.env;
  const env = { ...rest, TERM: "xterm-256color", COLORTERM: "truecolor" };
  const done = spawnSync("script", ["-qefc", words, "/dev/null"], { cwd: folder, env, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`\`${command}\` in a terminal: exit ${done.status}: ${done.stdout}`);
  return done.stdout;
}

/** Draws a terminal's bytes as tall as they need it. */
async function shootTerminal(browser, text, name) {
  const module = (file) => readFileSync(createRequire(import.meta.url).resolve(`@xterm/xterm/${file}`), "utf8");
  const page = await browser.newPage();
  await page.setViewport({ width: 1200, height: 900 });
  await page.setContent("<body style='margin:0'><div id=screen style='display:inline-block;padding:12px;background:#1b1b1b'>");
  await page.addStyleTag({ content: module("css/xterm.css") });
  await page.addScriptTag({ content: module("lib/xterm.js") });
  const rows = text.trimEnd().split("\n").length;
  await page.evaluate(
    async (options, text) => {
      await document.fonts.ready;
      const terminal = new Terminal(options);
      terminal.open(document.getElementById("screen"));
      const drawn = new Promise((resolve) => terminal.onRender(resolve));
      await new Promise((resolve) => terminal.write(text, resolve));
      await drawn;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    },
    { ...TERMINAL, rows },
    `${text.trimEnd()}\u001b[?25l`,
  );
  const screen = await page.$("#screen");
  keep(name, await screen.screenshot());
  await page.close();
}

async function makeScreenshots(program) {
  mkdirSync(FOLDER, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "coldstart-screenshots-"));
  const browser = await startBrowser();
  try {
    // As a reader has it: the run is where it is in the repository.
    const run = join(work, "results/reference");
    copyReference(run);
    const said = typed(work, `'${program}' report results/reference`);
    await shootTerminal(browser, `$ coldstart report results/reference\r\n${said}`, "terminal.png");
    const page = join(run, "report.html");
    await shoot(browser, page, { width: 1280 }, "wide.png");
    await shoot(browser, page, { width: 360 }, "narrow.png");
    await shoot(browser, page, { width: 1280, scheme: "dark" }, "dark.png");
    const compared = recordedComparison(program, join(work, "compare"));
    await shoot(browser, compared, { width: 1280 }, "compare-wide.png");
  } finally {
    await browser.close();
    rmSync(work, { recursive: true, force: true });
  }
}

await makeScreenshots(resolve(process.argv[2]));
