"""`dibs payments` on a free port, for tests: a real provider process that can be killed."""

import http.client
import json
import subprocess

import dibs


class Provider(dibs.Child):
    """Its books lie in `data` and outlive it; a second start listens on the same port."""

    def __init__(self, data, *flags):
        super().__init__()
        self.data = str(data)
        self.flags = flags

    def start(self):
        self.process = subprocess.Popen(
            [str(dibs.BINARY), "payments", "--listen", f"127.0.0.1:{self.port}", "--data", self.data, "--delay",
             "0ms", *self.flags], stdout=subprocess.PIPE)
        return self.await_port("the provider")

    def call(self, method, path, body=None, key=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Idempotency-Key": key} if key else {}
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
        response = connection.getresponse()
        raw = response.read()
        connection.close()
        return response.status, json.loads(raw) if raw.startswith(b"{") else raw.decode()

    def set_faults(self, **faults):
        status, answer = self.call("PUT", "/faults", faults)
        assert status == 200, answer

    def counters(self):
        return self.call("GET", "/faults")[1]["counters"]

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()
