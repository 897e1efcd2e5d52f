// samlp (npm) as the identity provider: it checks our signed request, and signs assertions and responses with RSA.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import samlp from 'samlp';
import { Browser, free, start } from './federation.mjs';

const home = mkdtempSync(join(tmpdir(), 'freehold-saml-'));
const pair = (name) => {
  const [key, certificate] = [join(home, `${name}.key`), join(home, `${name}.pem`)];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2', '-subj', `/CN=${name}`], { stdio: 'ignore' });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(certificate, 'utf8') };
};
const [idp, sp, stranger] = [pair('idp'), pair('sp'), pair('stranger')];
rmSync(home, { recursive: true });

const [own, ours] = [await free(), await free()];
const site = `http://${ours}/auth/saml/corp`;
// How it answers, and as whom.
const says = { email: 'ann@acme.test', signs: idp, signResponse: false, audience: undefined };
const problems = [];
const answer = (request, response) => {
  const url = new URL(request.url, `http://${own}`);
  request.query = Object.fromEntries(url.searchParams);
  response.set = (name, value) => response.setHeader(name, value);
  response.send = (body) => response.end(String(body));
  const handler = samlp.auth({
    issuer: 'urn:test:idp',
    ...says.signs,
    audience: says.audience,
    recipient: `${site}/acs`,
    destination: `${site}/acs`,
    signatureNamespacePrefix: 'ds',
    signResponse: says.signResponse,
    signAssertion: !says.signResponse,
    lifetimeInSeconds: 120,
    signingCert: sp.cert,
    getUserFromRequest: () => ({ id: says.email, emails: [{ value: says.email }], displayName: 'Ann', name: {} }),
    nameIdentifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    getPostURL: (_audience, _document, _request, done) => done(null, `${site}/acs`),
  });
  handler(request, response, (error) => {
    problems.push(error.message);
    response.writeHead(500).end(error.message);
  });
};
const provider = createServer(answer);
const [host, port] = own.split(':');
await new Promise((resolve) => provider.listen(Number(port), host, resolve));

const certificate = idp.cert.replaceAll(/-----[A-Z ]+-----|\s/g, '');
const server = await start(
  `saml:
  corp:
    entity_id: "urn:test:idp"
    sso_url: "http://${own}/sso"
    certificates: ["${certificate}"]
    domains: [acme.test]
    link: verified_email
    provision: {create: true}`,
  { saml_key: sp.key, saml_certificate: sp.cert },
  ours,
);

const signIn = async (changes) => {
  Object.assign(says, { email: 'ann@acme.test', signs: idp, signResponse: false, audience: undefined }, changes);
  const browser = new Browser();
  const form = await browser.open(`${site}/login?return_to=/auth/sessions`);
  assert.equal(form.status, 200, `${form.url} ${form.text} ${server.log()}`);
  const page = await browser.send(form, {});
  return { page, who: await browser.who(server.url) };
};

for (const changes of [{}, { signResponse: true }, { email: 'nell@acme.test' }]) {
  const { page, who } = await signIn(changes);
  assert.equal(page.url, `${server.url}/auth/sessions`, `${JSON.stringify(changes)} ${page.status} ${page.text}\n${server.log()}`);
  assert.equal(who, changes.email ?? 'ann@acme.test');
}
for (const changes of [{ signs: stranger }, { audience: 'urn:test:other' }, { email: 'ann@evil.test' }]) {
  const { page, who } = await signIn(changes);
  assert.deepEqual([page.status, who], [401, null], `${JSON.stringify(Object.keys(changes))} ${page.text}`);
}
assert.deepEqual(problems, []);
console.log('samlp takes our signed requests, and signs in by assertions and by responses; not with another key, for others, or for another domain');
provider.closeAllConnections();
process.exit(0);
