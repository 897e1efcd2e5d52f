// A server of its own, on the fixture `federation` with another `identity:`; and a browser without scripts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FIXTURE = new URL('../fixtures/federation/', import.meta.url);
const PROGRAM = process.env.FREEHOLD_BIN ?? 'freehold';

/** Starts the program; `identity` is the text under that key, `secrets` are texts by name. */
export async function start(identity, secrets = {}, listen = '127.0.0.1:0') {
  const home = mkdtempSync(join(tmpdir(), 'freehold-federation-'));
  const [model, kept] = [join(home, 'model'), join(home, 'data', 'secrets')];
  cpSync(FIXTURE, model, { recursive: true });
  mkdirSync(kept, { recursive: true });
  for (const [name, text] of Object.entries(secrets)) writeFileSync(join(kept, name), text);
  const app = readFileSync(join(model, 'app.yaml'), 'utf8');
  assert(app.includes('identity: {}\n'));
  const indented = identity.trim().replaceAll(/^/gm, '  ');
  writeFileSync(join(model, 'app.yaml'), app.replace('identity: {}\n', () => `identity:\n${indented}\n`));
  const child = spawn(PROGRAM, ['dev', model, '--listen', listen, '--data', join(home, 'data')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  const url = await new Promise((resolve, reject) => {
    const hear = (text) => {
      log += text;
      const found = /listening on (http:\/\/\S+)/.exec(log);
      if (found) resolve(found[1].replace(/\/$/, ''));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`the server has ended:\n${log}`)));
  });
  const stop = () => {
    child.removeAllListeners('exit');
    child.kill();
    rmSync(home, { recursive: true, force: true });
  };
  process.on('exit', stop);
  return { url, log: () => log };
}

/** A free address of this machine, for servers that must know it before they start. */
export async function free() {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

/** Keeps cookies by origin and path, and follows redirects over http. */
export class Browser {
  #jar = [];

  async open(url, init = {}) {
    let request = { ...init };
    for (let hops = 0; hops < 20; hops += 1) {
      const { origin, pathname } = new URL(url);
      const mine = this.#jar.filter((it) => it.origin === origin && pathname.startsWith(it.path));
      const cookie = mine.map((it) => `${it.name}=${it.value}`).join('; ');
      const headers = { Accept: 'text/html', ...request.headers, ...(cookie ? { Cookie: cookie } : {}) };
      const response = await fetch(url, { ...request, headers, redirect: 'manual' });
      for (const line of response.headers.getSetCookie()) this.#keep(origin, line);
      const to = response.headers.get('location');
      const next = to && response.status >= 300 && response.status < 400 ? new URL(to, url) : undefined;
      if (!next || !next.protocol.startsWith('http') || request.stops?.(next.href)) {
        return { url, to: next?.href, status: response.status, text: await response.text() };
      }
      url = next.href;
      request = { stops: init.stops };
    }
    throw new Error(`no end of redirects at ${url}`);
  }

  /** Fills in the first form of a page and sends it. */
  send(page, values, init = {}) {
    const form = /<form[^>]*>[\s\S]*?<\/form>/.exec(page.text)?.[0];
    assert(form, `no form at ${page.url}: ${page.status} ${page.text}`);
    const plain = (text) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&amp;', '&');
    const attribute = (tag, name) => new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(tag)?.[1];
    const fields = {};
    for (const [tag] of form.matchAll(/<input[^>]*>/gi)) {
      const name = attribute(tag, 'name');
      if (name && attribute(tag, 'type') === 'hidden') fields[name] = plain(attribute(tag, 'value') ?? '');
    }
    const action = new URL(plain(attribute(form, 'action') ?? ''), page.url).href;
    return this.open(action, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...fields, ...values }).toString(),
      ...init,
    });
  }

  /** Who is signed in at a server. */
  async who(url) {
    const page = await this.open(`${url}/auth/session`, { headers: { Accept: 'application/json' } });
    return page.status === 200 ? JSON.parse(page.text).user.email : null;
  }

  #keep(origin, line) {
    const [pair, ...attributes] = line.split(';');
    const [name, value] = [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1)];
    const path = attributes.map((it) => /^\s*path=(.*)$/i.exec(it)?.[1]).find(Boolean) ?? '/';
    this.#jar = this.#jar.filter((it) => it.origin !== origin || it.name !== name || it.path !== path);
    const over = attributes.some((it) => /max-age=0|expires=Thu, 01 Jan 1970/i.test(it));
    if (value && !over) this.#jar.push({ origin, name, value, path });
  }
}
