// Two people see two answers, and the page keeps its content security policy. See README.md.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { chromium } from 'playwright-core';
import { answerOf, infoOf } from './server.mjs';

const BASE = process.env.FREEHOLD_URL ?? 'http://127.0.0.1:8080';
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const SCREENSHOTS = process.env.SCREENSHOTS;
const QUERY = '{ tickets { totalCount nodes { subject } } }';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let step = 'start';
const faults = [];
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
try {
  await run();
  assert.deepEqual(faults, [], 'the page must raise no console error, CSP violation, page error, or request off the host');
  console.log('the console works: two people, two answers, and no fault');
} catch (error) {
  console.error(`failed at: ${step}\n${error.message}`);
  for (const fault of faults) console.error(`  ${fault}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

async function run() {
  step = 'find two people whose answers differ';
  const info = await infoOf(BASE);
  const [one, other] = await twoPeople(info.demoUsers);

  step = 'open the page';
  const page = await openPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
  await page.goto(BASE);
  await page.getByText('Freehold', { exact: true }).waitFor();
  const person = page.getByRole('combobox', { name: 'Person' });
  await person.waitFor();
  await picture(page, 'first-visit');

  for (const { user, answer, roles } of [one, other]) {
    step = `choose ${user.email} in the switcher`;
    const introspected = page.waitForResponse(isIntrospection);
    await person.selectOption(user.email);
    assert.equal((await introspected).status(), 200, 'introspection');
    step = `run the query as ${user.email}`;
    await write(page, QUERY);
    assert.deepEqual(await execute(page), answer, 'the page shows what the API answers');
    for (const role of roles) {
      await page.getByRole('list', { name: /^Roles of/ }).getByText(role, { exact: true }).waitFor();
    }
    await picture(page, `answer-${user.email}`);
  }

  step = 'choose the first person again';
  await person.selectOption(one.user.email);
  await page.waitForFunction(() => document.querySelector('.result-window .CodeMirror').CodeMirror.getValue() === '');
  assert.deepEqual(await execute(page), one.answer, 'the same query, the first person');

  step = 'listen, and see a change';
  await write(page, 'subscription Live { tickets { totalCount } }');
  const before = (await execute(page)).data.tickets.totalCount;
  const written = await page.evaluate(async (tenant) => {
    const query = 'mutation { createTicket(input: {subject: "Live", body: "b"}) { id } }';
    const headers = { 'Content-Type': 'application/json', 'X-Freehold-CSRF': '1', 'X-Tenant': tenant };
    return (await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) })).json();
  }, one.tenant);
  assert.equal(written.errors, undefined, JSON.stringify(written));
  await page.waitForFunction((wanted) => {
    const text = document.querySelector('.result-window .CodeMirror').CodeMirror.getValue();
    return JSON.parse(text).data?.tickets.totalCount === wanted;
  }, before + 1);
  await picture(page, 'live');
  await page.getByRole('button', { name: /^Stop query/ }).click();
  await page.getByRole('button', { name: /^Execute query/ }).waitFor();

  step = 'type with completion';
  await write(page, '');
  await page.keyboard.type('{ tick', { delay: 40 });
  await page.locator('.CodeMirror-hints li', { hasText: 'tickets' }).first().waitFor();
  await picture(page, 'completion');
  await page.keyboard.press('Escape');
  await write(page, QUERY);

  step = 'read the documentation';
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.locator('.graphiql-doc-explorer-content').getByText('Query', { exact: true }).first().click();
  await page.locator('.graphiql-doc-explorer-content').getByText('tickets', { exact: true }).first().waitFor();
  await page.locator('.graphiql-doc-explorer-search [role="combobox"]').click();
  await page.keyboard.type('ticket', { delay: 30 });
  await page.locator('.graphiql-doc-explorer-search [role="option"]').first().waitFor();
  await picture(page, 'documentation');
  await page.keyboard.press('Escape');

  step = 'open the history';
  await page.getByRole('button', { name: 'Show History' }).click();
  await page.locator('.graphiql-history-item').first().waitFor();
  await picture(page, 'history');
  await page.getByRole('button', { name: 'Hide History' }).click();

  step = 'open the dialogs';
  for (const name of ['Open short keys dialog', 'Open settings dialog']) {
    await page.getByRole('button', { name }).click();
    await page.locator('.graphiql-dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.graphiql-dialog').waitFor({ state: 'detached' });
  }

  step = 'change the theme';
  const theme = page.getByRole('button', { name: /^Theme:/ });
  await theme.click(); // light
  await theme.click(); // dark
  await page.locator('html[data-theme="dark"]').waitFor();
  await picture(page, 'dark');
  await theme.click(); // system, which is light here
  await page.locator('html[data-theme="light"]').waitFor();

  step = 'open a second tab, which a reload keeps';
  await page.getByRole('button', { name: 'New tab' }).click();
  await write(page, 'query Second { __typename }');
  await page.getByRole('tab', { name: 'Second' }).waitFor();
  await page.waitForTimeout(1000); // GraphiQL saves half a second after the last key.
  await page.reload();
  await page.getByRole('tab', { name: 'Second' }).waitFor();
  assert.equal(await person.inputValue(), one.user.email, 'a reload keeps the person');

  step = 'sign out, and in with e-mail and password';
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Sign in' });
  await dialog.getByLabel('E-mail').fill(other.user.email);
  await dialog.getByLabel('Password').fill(other.user.password);
  await picture(page, 'sign-in');
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.waitFor({ state: 'detached' });
  await write(page, QUERY);
  assert.deepEqual(await execute(page), other.answer, 'after signing in by hand');

  step = 'use it on a phone';
  await page.setViewportSize({ width: 390, height: 844 });
  assert.deepEqual(await execute(page), other.answer, 'on a phone');
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px wider than a phone`);
  await picture(page, 'phone');
}

/** The first two demo users whom the API answers differently. */
async function twoPeople(users) {
  const answers = [];
  for (const user of users) {
    const { answer, roles, tenant } = await answerOf(BASE, user, QUERY);
    if (!answer?.data?.tickets || answer.errors) continue;
    const other = answers.find((it) => !isDeepStrictEqual(it.answer.data, answer.data));
    if (other) return [other, { user, answer, roles, tenant }];
    answers.push({ user, answer, roles, tenant });
  }
  throw new Error(`no two of the ${users.length} demo users get different answers to ${QUERY}`);
}

async function openPage(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const { host } = new URL(BASE);
  page.on('console', (it) => {
    if (['error', 'warning'].includes(it.type())) faults.push(`${it.type()} at "${step}": ${it.text()} ${it.location().url}`);
  });
  page.on('pageerror', (it) => faults.push(`page error at "${step}": ${it.stack ?? it}`));
  page.on('request', (it) => {
    const url = new URL(it.url());
    if (!['data:', 'about:'].includes(url.protocol) && url.host !== host) faults.push(`request off the host: ${it.url()}`);
  });
  await page.exposeFunction('reportViolation', (text) => faults.push(`CSP violation at "${step}": ${text}`));
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', (it) =>
      window.reportViolation(`${it.effectiveDirective} ${it.blockedURI} ${it.sourceFile}:${it.lineNumber}`),
    ),
  );
  page.setDefaultTimeout(15_000);
  return page;
}

/** Replaces the query, as pasting does. */
async function write(page, text) {
  await page.locator('.graphiql-query-editor .CodeMirror').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  if (text) await page.keyboard.insertText(text);
}

async function execute(page) {
  const answered = page.waitForResponse((it) => it.url().endsWith('/graphql') && !isIntrospection(it));
  await page.getByRole('button', { name: /^Execute query/ }).click();
  await answered;
  const shown = await page.waitForFunction(() => {
    const text = document.querySelector('.result-window .CodeMirror').CodeMirror.getValue();
    return text.trim() ? text : null;
  });
  return JSON.parse(await shown.jsonValue());
}

function isIntrospection(response) {
  return response.url().endsWith('/graphql') && (response.request().postData() ?? '').includes('IntrospectionQuery');
}

async function picture(page, name) {
  if (!SCREENSHOTS) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.waitForTimeout(250); // Past the animations.
  await page.screenshot({ path: join(SCREENSHOTS, `${name.replace(/[^\w-]+/g, '-')}.png`) });
}
