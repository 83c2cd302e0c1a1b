"""The twin of documents.mjs: a site over https on this machine whose documents the proofs write."""

import json
import os
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Documents:
    def __init__(self) -> None:
        self._documents: dict[str, dict] = {}
        documents, tls = self._documents, os.environ["TLS_DIR"]

        class Site(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                document = documents.get(self.path)
                body = json.dumps(document).encode() if document else b""
                self.send_response(200 if document else 404)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{tls}/cert.pem", f"{tls}/key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        self._origin = f"https://localhost:{server.server_port}"

    def publish(self, path: str, metadata: dict) -> str:
        """Publishes the document of a client at this path; returns its URL."""
        self._documents[path] = {"client_id": self._origin + path, **metadata}
        return self._origin + path
