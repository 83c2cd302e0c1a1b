// An MCP server that protects itself, made with the TypeScript SDK, Express and jose: it believes access
// tokens of the Gatepost it is told, and keeps two tools behind two scopes.
//
//   node protected_server.mjs PORT ISSUER

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const [port, issuer] = process.argv.slice(2);
const url = `http://localhost:${port}/mcp`;
const metadata = `http://localhost:${port}/.well-known/oauth-protected-resource/mcp`;
const keys = createRemoteJWKSet(new URL(`${issuer}/keys`));

const verifier = {
  async verifyAccessToken(token) {
    const options = { issuer, audience: url, typ: 'at+jwt' };
    const { payload } = await jwtVerify(token, keys, options).catch((error) => {
      throw new InvalidTokenError(error.message);
    });
    const scopes = payload.scope.split(' ').filter(Boolean);
    return { token, clientId: payload.client_id, scopes, expiresAt: payload.exp };
  },
};

function serverFor({ scopes }) {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  const text = (words) => ({ content: [{ type: 'text', text: words }] });
  if (scopes.includes('notes:read')) {
    server.registerTool('read_notes', { description: 'Reads the notes' }, () => text('oil the hinges'));
  }
  if (scopes.includes('notes:write')) {
    server.registerTool('clear_notes', { description: 'Clears the notes' }, () => text('nothing is left'));
  }
  return server;
}

const app = express();
app.use(express.json());
app.get('/.well-known/oauth-protected-resource/mcp', (_, response) => {
  response.json({
    resource: url,
    authorization_servers: [issuer],
    scopes_supported: ['notes:read', 'notes:write'],
    bearer_methods_supported: ['header'],
  });
});
app.post('/mcp', requireBearerAuth({ verifier, resourceMetadataUrl: metadata }), async (request, response) => {
  const server = serverFor(request.auth);
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on('close', () => transport.close());
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.all('/mcp', (_, response) => response.status(405).end());
app.listen(Number(port), '127.0.0.1', () => console.log(`serving ${url}`));
