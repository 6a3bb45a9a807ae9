// A provider of OpenID Connect as other people wrote it, with its own pages for login and consent.
// Arguments: the port, and the callback address. Each line of standard input is a job: `rotate` signs
// with a new key, `down` and `up` put it out of order and back.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const [port, callback] = process.argv.slice(2);
const keys = [];
let answer;

function signWithNewKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = `key-${keys.length}`;
  keys.unshift({ ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' });
  answer = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{
      client_id: 'handrail', client_secret: 's3cret:+% of ours', redirect_uris: [callback],
    }],
    jwks: { keys: [keys[0]] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@x.example`, email_verified: true }),
    }),
    cookies: { keys: ['for tests only'] },
  }).callback();
}

const outOfOrder = (_, response) => response.writeHead(503).end('Out of order');
let isDown = false;
signWithNewKey();
createServer((...request) => (isDown ? outOfOrder : answer)(...request)).listen(port, '127.0.0.1', () => {
  console.log('ready');
});
for await (const job of createInterface({ input: process.stdin })) {
  if (job === 'rotate') signWithNewKey();
  isDown = job === 'down';
  console.log('done');
}
process.exit(0);
