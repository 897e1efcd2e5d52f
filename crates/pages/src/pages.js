// What identity's pages do with a script: passkeys, and small comforts. Without it every page still works, but for passkeys.
'use strict';

// Passkeys (Web Authentication, level 3). The server's JSON has bytes as base64url, the browser's objects as buffers.
const toBytes = (text) => {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};
const toText = (buffer) => {
  let plain = '';
  for (const byte of new Uint8Array(buffer)) plain += String.fromCharCode(byte);
  return btoa(plain).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
};
const withBytes = (list) => list && list.map((it) => ({ ...it, id: toBytes(it.id) }));

async function post(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-Freehold-CSRF': '1' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.status === 204 ? {} : response.json();
}

function credentialJson(credential) {
  const { response } = credential;
  const json = {};
  for (const part of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (response[part]) json[part] = toText(response[part]);
  }
  if (response.getTransports) json.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment || undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: json,
  };
}

async function register(box) {
  const name = box.querySelector('input').value.trim();
  const { publicKey } = await post('/auth/passkey/register/begin', { name });
  const credential = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: toBytes(publicKey.challenge),
      user: { ...publicKey.user, id: toBytes(publicKey.user.id) },
      excludeCredentials: withBytes(publicKey.excludeCredentials),
    },
  });
  return post('/auth/passkey/register/finish', credentialJson(credential));
}

async function signIn(box) {
  const { publicKey } = await post('/auth/passkey/sign-in/begin', { return_to: box.dataset.returnTo });
  const credential = await navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: toBytes(publicKey.challenge),
      allowCredentials: withBytes(publicKey.allowCredentials),
    },
  });
  return post('/auth/passkey/sign-in/finish', credentialJson(credential));
}

function failure(error) {
  if (error.name === 'NotAllowedError') return 'That was cancelled, or took too long. Try again.';
  if (error.name === 'InvalidStateError') return 'This device has a passkey for your account already.';
  return 'That did not work. Try again, or another way.';
}

for (const box of document.querySelectorAll('[data-passkey]')) {
  if (!window.PublicKeyCredential) break;
  const button = box.querySelector('button');
  const error = box.querySelector('[role=alert]');
  const run = box.dataset.passkey === 'register' ? register : signIn;
  box.hidden = false;
  button.addEventListener('click', async () => {
    button.disabled = true;
    error.textContent = '';
    try {
      const { redirect } = await run(box);
      if (!redirect) location.reload();
      // An answer of our own server; still, nothing but a page.
      else if (/^https?:$/.test(new URL(redirect, location.href).protocol)) location.assign(redirect);
    } catch (fault) {
      error.textContent = failure(fault);
      button.disabled = false;
      button.focus();
    }
  });
}

for (const button of document.querySelectorAll('[data-show]')) {
  const input = document.getElementById(button.dataset.show);
  button.hidden = false;
  button.addEventListener('click', () => {
    const shown = input.type === 'password';
    input.type = shown ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(shown));
  });
  // Sent as a password, so that browsers do not keep it as text.
  input.form.addEventListener('submit', () => { input.type = 'password'; });
}

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}

for (const time of document.querySelectorAll('time')) {
  time.title = time.textContent;
  time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
}
