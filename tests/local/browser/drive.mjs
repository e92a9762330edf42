// A real browser on loopback: each POST of JSON is something to do, its answer what came of it.
//
//   node drive.mjs PACKAGES FOLDER
//
// PACKAGES is the folder of package.json and node_modules, FOLDER where the browser is unpacked. It
// comes with its libraries and fonts, so that a machine needs nothing but node. CHROMIUM=path takes
// another one; where the package has none for this machine, Chrome as it is installed is taken.

import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, folder] = process.argv.slice(2).map((one) => resolve(one));
const found = createRequire(join(packages, "package.json"));
// Ours are tests of what a page may do: a browser that looks away would pass them all.
const LOOKS_AWAY = ["--disable-web-security", "--allow-running-insecure-content", "--single-process"];
const FONTS = `<?xml version="1.0"?><fontconfig>
<dir>${folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>${folder}/fonts-cache</cachedir>
<alias binding="same"><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
<alias binding="same"><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>`;

async function launched(browsers) {
  const own = process.env.CHROMIUM;
  if (own) return browsers.launch({ executablePath: own, args: ["--no-sandbox"] });
  if (process.platform !== "linux" || process.arch !== "x64") return browsers.launch({ channel: "chrome" });
  const entry = found.resolve("@sparticuz/chromium");
  const { default: chromium, inflate } = await import(pathToFileURL(entry).href);
  if (!existsSync(folder)) await unpack(chromium, inflate, join(dirname(entry), "..", "bin"));
  process.env.LD_LIBRARY_PATH = join(folder, "al2023", "lib");
  process.env.FONTCONFIG_FILE = join(folder, "fonts.conf");
  const args = chromium.args.filter((one) => !LOOKS_AWAY.includes(one));
  return browsers.launch({ executablePath: join(folder, "chromium"), args });
}

// Beside its place and then put there: two that unpack at the same time do not meet.
async function unpack(chromium, inflate, archives) {
  mkdirSync(dirname(folder), { recursive: true });
  const draft = mkdtempSync(`${folder}.`);
  process.env.TMPDIR = draft;
  await chromium.executablePath(archives);
  await inflate(join(archives, "al2023.tar.br"));
  rmSync(join(draft, "fonts.conf"), { force: true });
  writeFileSync(join(draft, "fonts.conf"), FONTS);
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(draft, { recursive: true });
  }
  delete process.env.TMPDIR;
}

const browser = await launched(found("playwright-core").chromium);
let page;
let heard = [];

const actions = {
  begin: async ({ width = 1280, height = 900, scheme = "light", javascript = true }) => {
    await page?.context().close();
    const context = await browser.newContext({
      viewport: { width, height }, colorScheme: scheme, javaScriptEnabled: javascript,
    });
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    heard = [];
    page.on("console", (line) => line.type() === "error" && heard.push(line.text()));
    page.on("pageerror", (error) => heard.push(String(error)));
  },
  open: async ({ url }) => (await page.goto(url))?.status() ?? 0,
  press: async ({ name }) => {
    const button = page.getByRole("button", { name, exact: true });
    await Promise.all([page.waitForEvent("load"), button.click()]);
  },
  follow: ({ at }) => page.locator(at).first().click(),
  fill: ({ at, value }) => page.locator(at).fill(value),
  choose: ({ at, value }) => page.locator(at).selectOption(value),
  text: ({ at }) => page.locator(at).innerText(),
  wait: ({ at, says, seconds }) =>
    page.locator(at).filter({ hasText: new RegExp(says) }).first().waitFor({ timeout: seconds * 1000 }),
  evaluate: ({ script }) => page.evaluate(script),
  picture: async ({ file, full = false }) => void (await page.screenshot({ path: file, fullPage: full })),
  heard: () => heard,
};

async function done(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const { action, ...asked } = JSON.parse(Buffer.concat(parts));
  try {
    return { found: (await actions[action](asked)) ?? null };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
}

const server = createServer(async (request, response) => {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(await done(request)));
});
server.listen(0, "127.0.0.1", () => {
  console.log(`browser listening on http://127.0.0.1:${server.address().port}`);
});
process.once("SIGTERM", async () => {
  await browser.close();
  process.exit(0);
});
