// The browser: started once, and pages opened in it under a watch. Nothing here knows
// what a page must be like, but that it asks for nothing and complains of nothing.

import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

/** Where Debian, or `CHROMIUM`, has the browser. */
function executable() {
  const name = process.env.CHROMIUM ?? "chromium";
  if (name.includes("/")) return name;
  return spawnSync("sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).stdout.trim();
}

/** Starts it without a window. It refuses to sandbox itself as root. */
export function startBrowser() {
  const args = ["--force-color-profile=srgb", "--font-render-hinting=none", "--disable-lcd-text"];
  if (process.getuid() === 0) args.push("--no-sandbox");
  return puppeteer.launch({ executablePath: executable(), headless: true, pipe: true, args });
}

/** Writes down whatever a page does beside being shown. */
function watch(page, url) {
  const complaints = [];
  page.on("console", (said) => complaints.push(`console ${said.type()}: ${said.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    // What is written in the page itself asks nobody.
    if (request.url() === url || request.url().startsWith("data:")) return request.continue();
    complaints.push(`request: ${request.url()}`);
    return request.abort();
  });
  return complaints;
}

/**
 * Opens a file in a new page, and gives the page and its complaints so far.
 * `width` in pixels; `scheme` is light or dark; `media` screen or print.
 */
export async function open(browser, file, { width = 800, scheme = "light", media = "screen", script = true } = {}) {
  const page = await browser.newPage();
  const url = pathToFileURL(file).href;
  const complaints = watch(page, url);
  await page.setRequestInterception(true);
  await page.setJavaScriptEnabled(script);
  await page.setViewport({ width, height: 900 });
  // In one message: puppeteer's own two undo each other.
  const client = await page.createCDPSession();
  const features = [{ name: "prefers-color-scheme", value: scheme }];
  await client.send("Emulation.setEmulatedMedia", { media, features });
  await page.goto(url, { waitUntil: "load" });
  return { page, complaints };
}

/** Opens a file, lets `look` at it, closes it, and gives what `look` found. */
export async function visit(browser, file, how, look) {
  const { page, complaints } = await open(browser, file, how);
  try {
    return await look(page, complaints);
  } finally {
    await page.close();
  }
}
