"""Small HTTP servers on the loopback interface, on a port the system chooses."""

import json
import threading
from http.server import ThreadingHTTPServer

# Everything here answers at once; whatever does not is broken, and the test should say so soon.
SECONDS = 20


class Handler:
    """What the handlers share: a quiet log, a body, a reply."""

    timeout = SECONDS

    def log_message(self, *_):
        """Says nothing: the test reads what the program prints."""

    def body(self):
        """The request's body."""
        return self.rfile.read(int(self.headers["Content-Length"]))

    def reply(self, body, headers=None):
        """Answers with JSON."""
        data = json.dumps(body).encode()
        self.send_response(200)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(data), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)


def serve(handler):
    """Serves until the program ends; the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
