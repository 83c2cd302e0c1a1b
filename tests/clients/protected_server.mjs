// An MCP server that protects itself, made with the TypeScript SDK, Express and jose: it believes access
// tokens of the Gatepost it is told, and keeps two tools behind two scopes. It verifies tokens by
// itself and never asks whether they were withdrawn.
//
//   node protected_server.mjs PORT ISSUER

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const [READ, WRITE] = ['notes:read', 'notes:write'];
const [port, issuer] = process.argv.slice(2);
const origin = `http://localhost:${port}`;
const url = `${origin}/mcp`;
const resourceMetadataUrl = `${origin}/.well-known/oauth-protected-resource/mcp`;
const keys = createRemoteJWKSet(new URL(`${issuer}/keys`));

const verifier = {
  async verifyAccessToken(token) {
    const options = { issuer, audience: url, typ: 'at+jwt', algorithms: ['ES256'] };
    const { payload } = await jwtVerify(token, keys, options).catch((error) => {
      throw new InvalidTokenError(error.message);
    });
    const scopes = payload.scope.split(' ').filter(Boolean);
    return { token, clientId: payload.client_id, scopes, expiresAt: payload.exp };
  },
};

function notes() {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  const text = (words) => ({ content: [{ type: 'text', text: words }] });
  server.registerTool('read_notes', { description: 'Reads the notes' }, () => text('oil the hinges'));
  server.registerTool('clear_notes', { description: 'Clears the notes' }, () => text('nothing is left'));
  return server;
}

/** The tool that changes something needs the second scope: the answer names all that a client must ask for. */
function insistOnScope(request, response, next) {
  const calls = [request.body].flat().filter((message) => message?.method === 'tools/call');
  const writes = calls.some(({ params }) => params?.name === 'clear_notes');
  if (!writes || request.auth.scopes.includes(WRITE)) return next();
  const challenge = `scope="${READ} ${WRITE}", resource_metadata="${resourceMetadataUrl}"`;
  response.set('WWW-Authenticate', `Bearer error="insufficient_scope", ${challenge}`);
  return response.status(403).json({ error: 'insufficient_scope' });
}

const app = express();
app.use(express.json());
app.get(new URL(resourceMetadataUrl).pathname, (_, response) => {
  response.json({
    resource: url,
    authorization_servers: [issuer],
    scopes_supported: [READ, WRITE],
    bearer_methods_supported: ['header'],
  });
});
app.all('/mcp', requireBearerAuth({ verifier, requiredScopes: [READ], resourceMetadataUrl }));
app.post('/mcp', insistOnScope, async (request, response) => {
  const server = notes();
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on('close', () => transport.close());
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.all('/mcp', (_, response) => response.status(405).end());
app.listen(Number(port), '127.0.0.1', () => console.log(`serving ${url}`));
