// openid-client (npm) as an app of ours: discovery, PKCE, the ID token checked by our keys, userinfo, refresh, revocation.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { Browser, start } from './federation.mjs';

const server = await start(
  `clients:
  phone: {label: The phone, redirect_uris: ["com.acme.desk:/callback"], refresh: 30d}
  site: {label: The site, redirect_uris: ["https://site.acme.test/callback"], secret: client_hush, refresh: 1h}`,
  { client_hush: 'hush & hush+hush' },
);
const password = { email: 'ann@acme.test', password: 'violet-harbour-47' };

const apps = [
  ['phone', 'com.acme.desk:/callback', client.None()],
  ['site', 'https://site.acme.test/callback', client.ClientSecretBasic('hush & hush+hush')],
  ['site', 'https://site.acme.test/callback', client.ClientSecretPost('hush & hush+hush')],
];
for (const [id, redirect_uri, authentication] of apps) {
  const config = await client.discovery(new URL(server.url), id, undefined, authentication, { execute: [client.allowInsecureRequests] });
  assert.equal(config.serverMetadata().issuer, server.url);
  const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
  const challenge = await client.calculatePKCECodeChallenge(verifier);
  const to = client.buildAuthorizationUrl(config, {
    redirect_uri, state, nonce, scope: 'openid email profile offline_access', code_challenge: challenge, code_challenge_method: 'S256',
  });

  // Signs in by the form, on the way.
  const browser = new Browser();
  const stops = (url) => url.startsWith(redirect_uri);
  const form = await browser.open(to.href, { stops });
  assert(form.url.startsWith(`${server.url}/auth/sign-in`), `${form.url} ${form.text}`);
  const back = await browser.send(form, password, { stops });
  assert(back.to?.startsWith(redirect_uri), `${back.status} ${back.url} ${back.text}`);

  const tokens = await client.authorizationCodeGrant(config, new URL(back.to), {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
  });
  const claims = tokens.claims();
  assert.deepEqual([claims.iss, claims.aud, claims.email, claims.email_verified], [server.url, id, 'ann@acme.test', true]);
  const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(info.email, 'ann@acme.test');

  const ask = async (token) => {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: '{ viewer { user { email } } }' }),
    });
    return response.status === 200 ? (await response.json()).data.viewer.user.email : response.status;
  };
  assert.equal(await ask(tokens.access_token), 'ann@acme.test');
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(await ask(renewed.access_token), 'ann@acme.test');
  await client.tokenRevocation(config, renewed.refresh_token);
  assert.equal(await ask(renewed.access_token), 401);
  await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token), { error: 'invalid_grant' });

  // A browser that is signed in, and an app that must not ask.
  const silent = client.buildAuthorizationUrl(config, { redirect_uri, state, scope: 'openid', prompt: 'none', code_challenge: challenge, code_challenge_method: 'S256' });
  const again = await browser.open(silent.href, { stops });
  assert(new URL(again.to).searchParams.get('code'), again.to);
  const nobody = await new Browser().open(silent.href, { stops });
  await assert.rejects(
    client.authorizationCodeGrant(config, new URL(nobody.to), { pkceCodeVerifier: verifier, expectedState: state }),
    { error: 'login_required' },
  );
}
console.log('openid-client signs people in as a public app and as one with a secret, renews and revokes');
process.exit(0);
