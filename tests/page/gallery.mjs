// Every page of identity, as the gallery of `crates/pages` writes it. See README.md.
import assert from 'node:assert/strict';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';
import { chromium } from 'playwright-core';
import { judge } from './judge.mjs';

const GALLERY = process.env.GALLERY ?? '../../target/gallery';
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const SCREENSHOTS = process.env.SCREENSHOTS;
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' };
const VIEWPORTS = { desk: { width: 1280, height: 800 }, phone: { width: 375, height: 740 }, narrow: { width: 320, height: 640 } };

const faults = [];
const minors = new Set();
const asked = [];
const server = createServer(answer);
await new Promise((done) => server.listen(0, 'localhost', done));
const BASE = `http://localhost:${server.address().port}`;
const names = (await readdir(GALLERY)).filter((it) => it.endsWith('.html')).map((it) => it.slice(0, -5)).sort();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--no-first-run'] });
try {
  assert.ok(names.length > 20, `there are ${names.length} pages in ${GALLERY}`);
  await look();
  await withoutScript();
  await comforts();
  await passkeys();
} catch (error) {
  faults.push(error.stack);
} finally {
  await browser.close();
  server.close();
}
for (const minor of minors) console.log(`minor: ${minor}`);
for (const fault of faults) console.error(fault);
if (faults.length) process.exitCode = 1;
else console.log(`${names.length} pages have no fault`);

/** Every page in every size and colour. */
async function look() {
  for (const colorScheme of ['light', 'dark']) {
    for (const [size, viewport] of Object.entries(VIEWPORTS)) {
      const page = await open({ viewport, colorScheme, reducedMotion: 'reduce' });
      for (const name of names) {
        await page.goto(`${BASE}/${name}.html`);
        await picture(page, `${name}-${size}-${colorScheme}`);
        await judged(page, `${name} ${size} ${colorScheme}`);
        // What is folded away is judged too.
        if (await page.locator('details:not([open])').count()) {
          await page.evaluate(() => document.querySelectorAll('details').forEach((it) => { it.open = true; }));
          await picture(page, `${name}-open-${size}-${colorScheme}`);
          await judged(page, `${name} ${size} ${colorScheme} unfolded`);
        }
      }
      await page.context().close();
    }
  }
}

async function judged(page, where) {
  const result = await judge(page);
  faults.push(...result.faults.map((it) => `${where}: ${it}`));
  result.minor.forEach((it) => minors.add(it));
}

/** Without a script: a form is sent as a form, and what needs the script is not there. */
async function withoutScript() {
  const page = await open({ javaScriptEnabled: false });
  await page.goto(`${BASE}/sign-in.html`);
  assert.ok(await page.getByRole('button', { name: 'Sign in', exact: true }).isVisible());
  for (const hidden of ['[data-passkey]', '[data-show]']) assert.equal(await page.locator(hidden).first().isVisible(), false, hidden);
  await page.getByLabel('E-mail address').fill('agnes@example.org');
  await page.getByLabel('Password').fill('a b&c');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL('**/auth/sign-in');
  const sent = asked.at(-1);
  assert.equal(sent.type, 'application/x-www-form-urlencoded');
  // The server's header says `no-referrer`; the page's own word counts, or every form would come from the origin `null`.
  assert.equal(sent.origin, BASE);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(sent.body)), {
    csrf: 'csrf-token', return_to: '/tickets?open=1', email: 'agnes@example.org', password: 'a b&c',
  });
  await page.context().close();
}

/** A password is shown and still sent as one; the page opens where typing goes on. */
async function comforts() {
  const page = await open({});
  await page.goto(`${BASE}/sign-in-refused.html`);
  assert.match(await page.title(), /^Error: Sign in/);
  const password = page.getByLabel('Password', { exact: true });
  assert.equal(await password.evaluate((it) => it === document.activeElement), true, 'the password has the focus');
  await page.getByRole('button', { name: 'Show what is typed' }).click();
  assert.equal(await password.getAttribute('type'), 'text');
  await page.getByRole('button', { name: 'Show what is typed' }).click();
  assert.equal(await password.getAttribute('type'), 'password');
  await page.goto(`${BASE}/password-change.html`);
  await page.getByRole('link', { name: 'Choose at least 12 characters.' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'password', 'a problem leads to its field');
  await page.context().close();
}

/** A passkey is made, and signs in; the browser refuses, and the page says so. */
async function passkeys() {
  const page = await open({});
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
  await page.goto(`${BASE}/account-new.html`);
  await page.getByLabel('Name of a new passkey').fill('Laptop');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.waitForURL('**/account.html');
  const [begun, made] = asked.slice(-2);
  assert.deepEqual([begun.path, JSON.parse(begun.body)], ['/auth/passkey/register/begin', { name: 'Laptop' }]);
  assert.equal(begun.csrf, '1');
  const credential = JSON.parse(made.body);
  assert.equal(made.path, '/auth/passkey/register/finish');
  assert.equal(credential.id, credential.rawId);
  const client = JSON.parse(Buffer.from(credential.response.clientDataJSON, 'base64url'));
  assert.deepEqual([client.type, client.challenge, client.origin], ['webauthn.create', '-_8A', BASE]);
  assert.ok(credential.response.attestationObject);

  await page.goto(`${BASE}/sign-in.html`);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.waitForURL('**/account.html');
  const [started, used] = asked.slice(-2);
  assert.deepEqual(JSON.parse(started.body), { return_to: '/tickets?open=1' });
  const assertion = JSON.parse(used.body);
  assert.equal(assertion.id, credential.id);
  assert.equal(Buffer.from(assertion.response.userHandle, 'base64url').toString(), 'user');
  assert.ok(assertion.response.signature && assertion.response.authenticatorData);

  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await page.goto(`${BASE}/sign-in.html`);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByText('That was cancelled, or took too long.').waitFor();
  await page.context().close();
}

async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (it) => faults.push(`page error: ${it.stack ?? it}`));
  page.on('console', (it) => {
    if (['error', 'warning'].includes(it.type())) faults.push(`${it.type()} at ${page.url()}: ${it.text()}`);
  });
  page.on('request', (it) => {
    const url = new URL(it.url());
    if (url.protocol !== 'data:' && url.origin !== BASE) faults.push(`request off the host: ${it.url()}`);
  });
  return page;
}

async function picture(page, name) {
  if (!SCREENSHOTS) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** The gallery's files, and as much of the API as the script asks for. */
async function answer(request, response) {
  const { pathname } = new URL(request.url, BASE);
  if (request.method === 'POST') {
    let body = '';
    for await (const part of request) body += part;
    const { 'content-type': type, 'x-freehold-csrf': csrf, origin, referer } = request.headers;
    asked.push({ path: pathname, type, csrf, origin, referer, body });
    const json = api(pathname);
    response.writeHead(200, { 'Content-Type': json ? 'application/json' : 'text/plain' });
    response.end(json ? JSON.stringify(json) : '');
    return;
  }
  try {
    const path = join(GALLERY, normalize(pathname));
    const headers = {
      'Content-Type': TYPES[path.split('.').pop()] ?? 'text/plain',
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    };
    if (path.endsWith('.html')) headers['Content-Security-Policy'] = await readFile(path.replace(/html$/, 'policy'), 'utf8');
    const bytes = await readFile(path);
    response.writeHead(200, headers);
    response.end(bytes);
  } catch {
    response.writeHead(pathname === '/favicon.ico' ? 204 : 404);
    response.end();
  }
}

function api(path) {
  const user = Buffer.from('user').toString('base64url');
  switch (path) {
    case '/auth/passkey/register/begin':
      return {
        publicKey: {
          challenge: '-_8A',
          rp: { name: 'Helpdesk' },
          user: { id: user, name: 'agnes@example.org', displayName: 'Agnes' },
          pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { type: 'public-key', alg: -257 }],
          authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
          excludeCredentials: [{ type: 'public-key', id: 'AAAA' }],
          timeout: 5000,
        },
      };
    case '/auth/passkey/sign-in/begin':
      return { publicKey: { challenge: '_-8B', userVerification: 'required', timeout: 5000 } };
    case '/auth/passkey/register/finish':
    case '/auth/passkey/sign-in/finish':
      return { redirect: '/account.html' };
    default:
      return undefined;
  }
}
