'use strict';

// call asks the infinite dialect, as a front-end would that knows its document alone.
async function call(api, path, token, body) {
  const form = body instanceof FormData;
  const headers = form ? {} : { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = token;
  const response = await fetch(api + path, { method: 'POST', headers, body: form ? body : JSON.stringify(body) });
  const answer = await response.json();
  if (answer.code !== 'General.Success') throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
  return { data: answer.data, request: response.headers.get('X-Request-Id') };
}

const bytes = (text) => new TextEncoder().encode(text);
const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, '0')).join('');
const sha256 = async (data) => hex(await crypto.subtle.digest('SHA-256', data));

async function hmac(key, text) {
  const secret = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return crypto.subtle.sign('HMAC', secret, bytes(text));
}

// object asks the storage for an object of the session's home (AWS Signature Version 4).
async function object(storage, method, name, content = '') {
  const url = new URL(`${storage.endpoint}/${storage.bucket}/${storage.prefix}${name}`);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const headers = {
    host: url.host,
    'x-amz-content-sha256': await sha256(bytes(content)),
    'x-amz-date': time,
    'x-amz-security-token': storage.sessionToken,
  };
  const names = Object.keys(headers).join(';');
  const request = [method, url.pathname, '', ...Object.entries(headers).map(([k, v]) => `${k}:${v}`), '', names,
    headers['x-amz-content-sha256']].join('\n');
  const scope = `${day}/${storage.region}/s3/aws4_request`;
  let key = bytes(`AWS4${storage.secretAccessKey}`);
  for (const part of [day, storage.region, 's3', 'aws4_request']) key = await hmac(key, part);
  const signature = hex(await hmac(key, ['AWS4-HMAC-SHA256', time, scope, await sha256(bytes(request))].join('\n')));
  delete headers.host; // the browser sends it
  headers.Authorization = `AWS4-HMAC-SHA256 Credential=${storage.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const response = await fetch(url, { method, headers, body: content || undefined });
  if (!response.ok) throw new Error(`${method} ${name}: ${response.status} ${await response.text()}`);
  return response.text();
}

function picture() {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 64;
  canvas.getContext('2d').fillRect(16, 16, 32, 32);
  return new Promise((done) => canvas.toBlob(done, 'image/png'));
}

// tour does what a person does with a front-end, and returns what the page could see.
async function tour(api, gitea, person) {
  const { username, email, password } = person;
  await call(api, '/api/user/registerIndividual', '', { username, email, password });
  const { data: signedIn, request } = await call(api, '/api/user/login', '', { username, password });
  const form = new FormData();
  form.append('file', await picture(), 'avatar.png');
  const { data: { url } } = await call(api, '/api/file/upload', signedIn.accessToken, form);
  const avatar = await fetch(url);
  await object(signedIn.storage, 'PUT', 'hello.txt', 'hello');
  const user = await fetch(`${gitea}/api/v1/user`, { headers: { Authorization: `token ${signedIn.giteaToken}` } });
  const missing = await fetch(`${api}/api/user/nothing`, { method: 'POST' });
  return {
    request,
    avatar: avatar.headers.get('Content-Type'),
    object: await object(signedIn.storage, 'GET', 'hello.txt'),
    login: (await user.json()).login,
    missing: missing.status,
  };
}
