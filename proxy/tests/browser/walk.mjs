// Walks through the console as a reviewer would: signs in, sees a live session, opens its timeline, approves a held request,
// verifies the log. On each page axe looks for what keeps people out, and nothing may leave the origin.
//
// Prints what it saw, one JSON object a line; the last is {"done":true}. Told by the environment: LINK (the way in), BINARY
// and KEY (what signs), CHROMIUM, MODULES (where playwright-core and axe-core are), SHOTS (a folder for pictures, or none).
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const { LINK, BINARY, KEY, CHROMIUM, MODULES, SHOTS } = process.env;
const require = createRequire(path.join(MODULES, "node_modules", "x.js"));
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const origin = new URL(LINK).origin;
let cookies;
const say = (what) => console.log(JSON.stringify(what));

function must(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
try {
  for (const scheme of ["light", "dark"]) await walk(scheme);
  await withoutScript();
  say({ done: true });
} catch (error) {
  console.error(String(error && error.stack || error).slice(0, 4000));
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function context(options) {
  const made = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await made.newPage();
  page.setDefaultTimeout(15000);
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== "data:" && url.protocol !== "blob:") say({ left: request.url() });
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 403/.test(message.text())) say({ trouble: message.text() });
  });
  page.on("pageerror", (error) => say({ trouble: String(error) }));
  return { made, page };
}

async function look(page, name, scheme) {
  // The page's own policy forbids foreign scripts; the debugger may run one all the same.
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const report = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return report.violations.map((one) => ({ id: one.id, impact: one.impact, where: one.nodes.slice(0, 3).map((node) => node.target.join(" ")) }));
  });
  say({ page: name, scheme, path: new URL(page.url()).pathname, axe: found });
  if (SHOTS) await page.screenshot({ path: path.join(SHOTS, `${name}-${scheme}.png`), fullPage: true });
}

async function walk(scheme) {
  const first = scheme === "light";
  const { made, page } = await context({ colorScheme: scheme, acceptDownloads: true });
  if (first) {
    await page.goto(`${origin}/sessions`);
    must(new URL(page.url()).pathname === "/login", "a stranger was not sent to the way in");
    await look(page, "login-stranger", scheme);
    await page.goto(LINK);
    await look(page, "login", scheme);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/live");
    cookies = await made.cookies();
    must(cookies.length === 1 && cookies[0].httpOnly && cookies[0].sameSite === "Strict", "the cookie is not kept close");
    // The link counts once.
    await made.clearCookies();
    await page.goto(LINK);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("does not count any more").waitFor();
  }
  await made.addCookies(cookies);

  await page.goto(`${origin}/live`);
  await page.getByRole("heading", { name: "Live", exact: true }).waitFor();
  if (first) {
    // The held request is there, without a reload: the page refreshes itself.
    await page.locator("#open tbody tr").first().waitFor();
    await page.locator("#open .state.wait").first().waitFor({ timeout: 15000 });
  }
  await look(page, "live", scheme);
  if (first) {
    // Its own timeline, while it waits.
    const waits = page.locator("#open tbody tr").filter({ has: page.locator(".state.wait") });
    await waits.first().locator("td.id a").click();
    await page.locator("article.exchange").first().waitFor();
    const told = await page.locator("article.exchange").last().textContent();
    must(/asked/.test(told) && /ap-/.test(told), `the timeline of what is held does not say so: ${told}`);
    await look(page, "timeline-live", scheme);
  }

  await page.getByRole("link", { name: /^Sessions/ }).first().click();
  await look(page, "sessions", scheme);
  await page.getByLabel("Replaced kind").selectOption("ssn");
  await page.getByLabel("Subject").fill("agent-7");
  await page.getByRole("button", { name: "Search" }).click();
  await page.locator("td.id a").first().click();
  await page.locator("article.exchange").first().waitFor();
  const marks = await page.locator("pre.body mark").allTextContents();
  must(marks.length > 0, "nothing that was replaced is marked");
  say({ marks: [...new Set(marks)].slice(0, 20), text: (await page.locator("main").textContent()).length });
  await look(page, "timeline", scheme);

  await page.getByRole("link", { name: /^Approvals/ }).click();
  await look(page, "approvals", scheme);
  await page.locator("td.id a").first().click();
  await page.getByRole("heading", { name: "What would be done, once" }).waitFor();
  if (first) {
    await look(page, "approval", scheme);
    await approve(page);
  }
  await look(page, "approval-decided", scheme);

  await page.getByRole("link", { name: "Findings", exact: true }).click();
  must(await page.locator("svg .bar").count() > 0, "the chart is empty");
  await look(page, "findings", scheme);
  await page.getByRole("link", { name: "7 days" }).click();

  await page.getByRole("link", { name: "Log", exact: true }).click();
  await page.getByRole("button", { name: "Verify now" }).click();
  await page.locator("#verdict").waitFor();
  const verdict = await page.locator("#verdict").textContent();
  must(verdict.startsWith("PASS"), `the log was not verified: ${verdict}`);
  say({ verdict });
  await look(page, "log", scheme);

  await page.getByRole("link", { name: "Configuration", exact: true }).click();
  await look(page, "configuration", scheme);

  // With the keyboard alone: the first stop skips to the content.
  await page.goto(`${origin}/live`);
  await page.keyboard.press("Tab");
  must(await page.evaluate(() => document.activeElement.className) === "skip", "the first stop does not skip to the content");

  // No page reaches beyond a phone's screen but within its own scrollers.
  await page.setViewportSize({ width: 390, height: 800 });
  for (const part of ["live", "sessions", "approvals", "findings", "log", "configuration"]) {
    await page.goto(`${origin}/${part}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    must(wide <= 0, `/${part} is ${wide} px wider than a phone`);
  }
  if (SHOTS) await page.screenshot({ path: path.join(SHOTS, `phone-${scheme}.png`) });
  await made.close();
}

async function approve(page) {
  const id = new URL(page.url()).pathname.split("/").pop();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download what is asked" }).click()]);
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "ask-")), `${id}.json`);
  await download.saveAs(file);
  const sign = (word) => execFileSync(BINARY, ["-q", "approvals", word, id, "--ask", file, "--key", KEY, "--reason", "recall, ticket 4711"], { encoding: "utf8" });
  const signed = sign("approve");
  // What was signed counts as it was signed, and not otherwise.
  const altered = JSON.stringify({ ...JSON.parse(signed), reason: "another" });
  await page.getByLabel("Paste the signed decision").fill(altered);
  await page.getByRole("button", { name: "Hand in" }).click();
  await page.getByRole("alert").waitFor();
  say({ altered: await page.getByRole("alert").textContent() });
  await page.getByLabel("Paste the signed decision").fill(signed);
  await page.getByRole("button", { name: "Hand in" }).click();
  await page.getByRole("status").waitFor();
  const told = await page.getByRole("status").textContent();
  must(told.startsWith("Approved"), `it was not approved: ${told}`);
  say({ approved: id });
  // The request that waited runs, and says so.
  const begun = Date.now();
  while (await page.locator("h1 .state").textContent() !== "consumed") {
    must(Date.now() - begun < 15000, "what was approved did not run");
    await page.waitForTimeout(300);
    await page.goto(`${origin}/approvals/${id}`);
  }
  say({ ran: id });
}

// For reading no script is needed.
async function withoutScript() {
  const { made, page } = await context({ javaScriptEnabled: false });
  await made.addCookies(cookies);
  await page.goto(`${origin}/sessions`);
  await page.locator("td.id a").first().click();
  await page.locator("article.exchange").first().waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  must(new URL(page.url()).pathname === "/login", "signing out does not sign out");
  await page.goto(`${origin}/live`);
  must(new URL(page.url()).pathname === "/login", "who signed out is still in");
  say({ withoutScript: true });
  await made.close();
}
