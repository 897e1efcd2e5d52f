// Identity's pages of a running server: everything that a person does with an account, in a browser. See README.md.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { judge } from './judge.mjs';

// Passkeys need a host name.
const BASE = process.env.FREEHOLD_URL.replace('127.0.0.1', 'localhost');
const EMAIL = process.env.FREEHOLD_EMAIL ?? 'ann@acme.test';
const PASSWORD = process.env.FREEHOLD_PASSWORD ?? 'violet-harbour-47';
const { CHROMIUM = '/usr/bin/chromium', SCREENSHOTS } = process.env;

const faults = [];
let shots = 0;
let step = 'the start';
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
try {
  await run();
  assert.deepEqual(faults, [], 'pages must raise no console error, CSP violation, page error, or request off the host');
  console.log('identity works: a password, codes, recovery codes, passkeys, keys, sessions, with and without a script');
} catch (error) {
  console.error(`failed at: ${step}\n${error.stack}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

/** An open page of a browser of its own, which tells what goes wrong in it. */
async function open(options = {}) {
  const context = await browser.newContext({ colorScheme: 'light', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`${step}: ${error.message}`));
  page.on('console', (message) => {
    // Refusals are answered with their status, which a browser writes down.
    if (message.type() === 'error' && !message.text().includes('Failed to load resource')) faults.push(`${step}: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(BASE) && !url.startsWith('data:')) faults.push(`${step}: asks for ${url}`);
  });
  return page;
}

/** Looks at the page as it is now, wide and on a phone. */
async function look(page, name) {
  for (const [kind, size] of [['desk', { width: 1280, height: 900 }], ['phone', { width: 320, height: 740 }]]) {
    await page.setViewportSize(size);
    const { faults: found } = await judge(page);
    assert.deepEqual(found, [], `${name}, ${kind}`);
    if (SCREENSHOTS) {
      await mkdir(SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: `${SCREENSHOTS}/${String(++shots).padStart(2, '0')}-${name}-${kind}.png`, fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** The code of an authenticator now, or so many steps later (RFC 6238). */
function code(secret, later = 0) {
  const bits = [...secret.replace(/\s/g, '')].map((it) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(it).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac('sha1', key).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

async function signIn(page, password = PASSWORD) {
  await page.goto(`${BASE}/auth/sign-in`);
  await page.getByLabel('E-mail address').fill(EMAIL);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function run() {
  step = 'without a script';
  const plain = await open({ javaScriptEnabled: false });
  await plain.goto(`${BASE}/auth/account`);
  assert.match(plain.url(), /\/auth\/sign-in\?return_to=/, 'whoever is not signed in signs in first');
  await signIn(plain, 'wrong-password-1');
  await plain.getByRole('alert').waitFor();
  await signIn(plain);
  await plain.waitForURL('**/auth/account');
  await plain.getByRole('heading', { name: 'Your account' }).waitFor();
  await plain.getByRole('button', { name: 'Sign out', exact: true }).click();
  await plain.waitForURL('**/auth/sign-in');

  step = 'the pages of somebody who is not in';
  const page = await open();
  for (const path of ['sign-in', 'password/forgot', 'password/reset?token=00', 'email/verify?token=00']) {
    await page.goto(`${BASE}/auth/${path}`);
    await look(page, path.replaceAll(/[^a-z]+/g, '-'));
  }
  await signIn(page, 'wrong-password-1');
  await page.getByRole('alert').waitFor();
  await look(page, 'sign-in-refused');

  step = 'the account';
  await signIn(page);
  await page.waitForURL('**/auth/account');
  await look(page, 'account');

  step = 'an authenticator';
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByLabel('Code').waitFor();
  await look(page, 'totp');
  const secret = (await page.locator('code').first().textContent()).trim();
  await page.getByLabel('Code').fill('000000');
  await page.getByRole('button', { name: /confirm|turn on|continue/i }).click();
  await page.getByRole('alert').first().waitFor();
  await page.getByLabel('Code').fill(code(secret));
  await page.getByRole('button', { name: /confirm|turn on|continue/i }).click();
  await page.getByRole('heading', { name: /recovery codes/i }).waitFor();
  await look(page, 'recovery-codes');
  const shown = (await page.locator('main li').allTextContents()).map((it) => it.trim());
  const recovery = shown.filter((it) => /^[0-9A-Z]{4}(-[0-9A-Z]{4})+$/.test(it));
  assert.equal(recovery.length, 10, recovery.join());

  step = 'signing in with a code';
  const other = await open();
  await signIn(other);
  await other.waitForURL('**/auth/mfa');
  await look(other, 'mfa');
  await other.getByLabel('Code', { exact: true }).fill('000000');
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.getByRole('alert').first().waitFor();
  // The step of now was used up by the set-up.
  await other.getByLabel('Code', { exact: true }).fill(code(secret, 1));
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.waitForURL('**/auth/account');

  step = 'signing in with a recovery code, without a script';
  const lost = await open({ javaScriptEnabled: false });
  for (const expected of ['**/auth/account', '**/auth/mfa']) {
    await signIn(lost);
    await lost.waitForURL('**/auth/mfa');
    await lost.getByText('Use a recovery code instead').click();
    await lost.getByLabel('Recovery code').fill(recovery[0].toLowerCase());
    await lost.getByRole('button', { name: 'Use recovery code' }).click();
    await lost.waitForURL(expected);
    await lost.context().clearCookies();
  }

  step = 'a passkey';
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
  await page.goto(`${BASE}/auth/account`);
  await page.getByLabel('Name of a new passkey').fill('Laptop');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('Laptop').first().waitFor();
  await look(page, 'account-with-factors');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.waitForURL('**/auth/sign-in');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.waitForURL('**/auth/account');
  const session = await (await page.request.get(`${BASE}/auth/session`)).json();
  assert.equal(session.secondFactor, true, 'a passkey that verified its user is two factors');

  step = 'an API key';
  const keys = page.locator('section', { has: page.getByRole('heading', { name: 'API keys' }) });
  await keys.locator('summary').last().click();
  await keys.getByLabel(/name/i).fill('Nightly report');
  await keys.getByRole('button', { name: /create|make/i }).click();
  const key = (await page.getByText(/^fh_/).first().textContent()).trim();
  await look(page, 'key-created');
  const asked = await fetch(`${BASE}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: '{ viewer { user { email } } }' }),
  });
  assert.equal((await asked.json()).data.viewer.user.email, EMAIL);

  step = 'other sessions';
  await page.goto(`${BASE}/auth/account`);
  await look(page, 'account-with-key');
  await other.goto(`${BASE}/auth/account`);
  const ended = await page.request.post(`${BASE}/auth/sessions/revoke-all`, { headers: { 'X-Freehold-CSRF': '1' }, data: {} });
  assert.ok((await ended.json()).revoked >= 1);
  await other.goto(`${BASE}/auth/account`);
  assert.match(other.url(), /\/auth\/sign-in/, 'it ended at once');
}
