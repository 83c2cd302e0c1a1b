// An OpenID provider for tests: `oidc-provider` with its own development pages. Whoever logs in there as NAME is
// told to be NAME with the verified address NAME.
//
//   node openid_provider.mjs <port> <redirect-uri>

import Provider from 'oidc-provider';

const [port, redirectUri] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'gatepost', client_secret: 'a secret of the tests', redirect_uris: [redirectUri] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, email_verified: true, name: 'Somebody' }),
  }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
