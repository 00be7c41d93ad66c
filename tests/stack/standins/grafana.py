#!/usr/bin/env python3
"""Where Grafana cannot be had: reads its provisioning and its dashboards at start, by the project's own reader, refuses what
Grafana would refuse, and answers as Grafana does to who asks for its health, data sources, dashboards and rules."""
import http.server
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, "/opt/outrigger/tools/dashboards")
from grafana import Provisioning  # noqa: E402


def read_secrets():
    """The files that Grafana is told to read must be there, and readable by its user."""
    pathlib.Path(os.environ["GF_SECURITY_ADMIN_PASSWORD__FILE"]).read_text()
    for path in pathlib.Path("/etc/grafana/provisioning").rglob("*.y*ml"):
        for name in re.findall(r"\$__file\{([^}]+)\}", path.read_text()):
            if not pathlib.Path(name).read_text().strip():
                sys.exit(f"grafana: {path}: {name} is empty")


def main():
    read_secrets()
    read = Provisioning(dict(os.environ))
    if read.problems:
        sys.exit("grafana: " + "\n".join(read.problems))
    answers = {
        "/api/health": {"database": "ok"},
        "/api/datasources": [{key: source.get(key) for key in ("name", "type", "uid", "url", "user")} for source in read.sources.values()],
        "/api/search": [{"uid": uid, "title": board["title"]} for uid, board in read.dashboards.items()],
        "/api/v1/provisioning/alert-rules": [{"uid": rule["uid"], "title": rule["title"]} for rule in read.rules],
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer = answers.get(self.path.split("?")[0])
            body = json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    print(f"{len(read.sources)} data sources, {len(read.dashboards)} dashboards, {len(read.rules)} alert rules", flush=True)
    http.server.ThreadingHTTPServer(("", 3000), Handler).serve_forever()


main()
