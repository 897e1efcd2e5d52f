// oidc-provider (npm) as the identity provider: discovery, RS256 keys, its own sign-in and consent forms, and back.
import assert from 'node:assert/strict';
import Provider from 'oidc-provider';
import { Browser, free, start } from './federation.mjs';

const [own, ours] = [await free(), await free()];
const issuer = `http://${own}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'desk',
      client_secret: 'hush-hush-hush-hush-hush-hush-hush',
      redirect_uris: [`http://${ours}/auth/oidc/corp/callback`],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: false,
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, email: `${sub}@acme.test`, email_verified: sub !== 'bo', name: sub }),
  }),
  pkce: { required: () => true },
  cookies: { keys: ['a key of this test'] },
});
const problems = [];
for (const event of ['server_error', 'authorization.error', 'grant.error']) provider.on(event, (_, error) => problems.push(`${event}: ${error.message} ${error.error_description ?? ''}`));
const [host, port] = own.split(':');
const listening = await new Promise((resolve) => { const it = provider.listen(Number(port), host, () => resolve(it)); });

const server = await start(
  `oidc:
  corp: {issuer: "${issuer}", client_id: desk, client_secret: hush, link: verified_email, provision: {create: true, name: name}}`,
  { hush: 'hush-hush-hush-hush-hush-hush-hush' },
  ours,
);

const signIn = async (name) => {
  const browser = new Browser();
  let page = await browser.open(`${server.url}/auth/oidc/corp?return_to=/auth/sessions`);
  assert(page.url.startsWith(`${issuer}/interaction/`), `${page.url} ${page.text} ${server.log()}`);
  page = await browser.send(page, { login: name, password: 'anything' });
  // Its second form asks for consent.
  if (page.url.startsWith(`${issuer}/interaction/`)) page = await browser.send(page, {});
  return { browser, page };
};

for (const [name, email] of [['ann', 'ann@acme.test'], ['nell', 'nell@acme.test']]) {
  const { browser, page } = await signIn(name);
  assert.equal(page.url, `${server.url}/auth/sessions`, `${page.status} ${page.text}\n${problems.join('\n')}\n${server.log()}`);
  assert.equal(await browser.who(server.url), email);
}
// An address that the provider is not sure of.
const { browser, page } = await signIn('bo');
assert.equal(page.status, 401, page.text);
assert.equal(await browser.who(server.url), null);
assert.deepEqual(problems, []);
console.log('oidc-provider signs in people who have an account and people who get one, and nobody whose address it is not sure of');
listening.closeAllConnections();
listening.close();
process.exit(0);
