// A loopback proxy that adds the bearer token the conformance suite cannot send.
//
// Everything else passes untouched, streaming included. Only the proxy's own address is translated
// to the target's in Host and Origin, so that a foreign Host or Origin reaches the server as it was
// sent: the suite's DNS-rebinding check still judges the server, not this proxy.

import http from 'node:http';

/** Starts the proxy in front of `target` (an MCP URL); resolves to its own MCP URL and `close`. */
export function inject(target, token) {
  const { hostname, port, host, origin, pathname } = new URL(target);
  const server = http.createServer((request, response) => {
    const own = `${hostname}:${server.address().port}`;
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    if (headers.host === own) headers.host = host;
    if (headers.origin === `http://${own}`) headers.origin = origin;
    const upstream = http.request(
      { hostname, port: port || 80, method: request.method, path: request.url, headers },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
        answer.on('error', () => response.destroy());
      },
    );
    upstream.setNoDelay(true);
    upstream.on('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  });
  return new Promise((resolve) => {
    server.listen(0, hostname, () => resolve({
      url: `http://${hostname}:${server.address().port}${pathname}`,
      close: () => server.closeAllConnections() ?? server.close(),
    }));
  });
}
