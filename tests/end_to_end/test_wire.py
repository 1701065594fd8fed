"""The wire as real services speak it: a table of raw answers, and what must come of each. One step and one service each,
so that none is disturbed by another."""

import gzip
import itertools
import socket
import threading
import time
import zlib

from harness import PlatformTest

JSON = b'{"count":12.5}'
FINE = {"count": 12.5}
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
BOM = b"\xef\xbb\xbf"


def with_length(head, body=JSON):
    return head + LENGTH % len(body) + body


def accepted(location):
    return with_length(b"HTTP/1.1 202 Accepted\r\nLocation: " + location + b"\r\n", b"{}")


def raw_deflate(body):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def failed(code):
    return ("failed", code)


DONE = ("completed", {"job": "done"})
EMPTY = ("completed", None)

# What the service sends, and the status of the step with its result or its error code. {base} is the stub's own address.
ANSWERS = {
    "plain": (with_length(OK), FINE),
    "lower_case_names": (b"HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n" + JSON, FINE),
    "upper_case_names": (b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 14\r\n\r\n" + JSON, FINE),
    "no_blank_behind_the_colon": (b"HTTP/1.1 200 OK\r\nContent-Length:14\r\n\r\n" + JSON, FINE),
    "blanks_around_the_value": (b"HTTP/1.1 200 OK\r\nContent-Length:   14  \r\n\r\n" + JSON, FINE),
    "until_the_end": (OK + b"\r\n" + JSON, FINE),
    "http_1_0": (b"HTTP/1.0 200 OK\r\n\r\n" + JSON, FINE),
    "http_1_0_with_length": (with_length(b"HTTP/1.0 200 OK\r\n"), FINE),
    "no_reason": (with_length(b"HTTP/1.1 200 \r\n"), FINE),
    "no_reason_and_no_blank": (with_length(b"HTTP/1.1 200\r\n"), FINE),
    "odd_reason": (with_length(b"HTTP/1.1 200 Tudo bem, p\xc3\xa3o!\r\n"), FINE),
    "created": (with_length(b"HTTP/1.1 201 Created\r\n"), FINE),
    "unknown_success": (with_length(b"HTTP/1.1 299 Almost\r\n"), FINE),
    "no_content": (b"HTTP/1.1 204 No Content\r\n\r\n", EMPTY),
    "empty_body": (with_length(OK, b""), EMPTY),
    "continue_first": (b"HTTP/1.1 100 Continue\r\n\r\n" + with_length(OK), FINE),
    "early_hints_first": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + with_length(OK), FINE),
    "a_hundred_continues": (b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + with_length(OK), failed("malformed_response")),
    "switching_protocols": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", failed("malformed_response")),
    "chunks": (OK + CHUNKED + b"7\r\n" + JSON[:7] + b"\r\n7\r\n" + JSON[7:] + b"\r\n0\r\n\r\n", FINE),
    "padded_chunks": (OK + CHUNKED + b"7  \r\n" + JSON[:7] + b"\r\n7\t\r\n" + JSON[7:] + b"\r\n0   \r\n\r\n", FINE),
    "chunks_with_leading_zeros": (OK + CHUNKED + b"000e\r\n" + JSON + b"\r\n0000\r\n\r\n", FINE),
    "chunks_in_upper_case": (OK + CHUNKED + b"E\r\n" + JSON + b"\r\n0\r\n\r\n", FINE),
    "chunk_extensions": (OK + CHUNKED + b'e;a=b;c="d"\r\n' + JSON + b"\r\n0;e\r\n\r\n", FINE),
    "chunk_trailer": (OK + CHUNKED + b"e\r\n" + JSON + b"\r\n0\r\nDigest: x\r\nContent-Length: 99\r\n\r\n", FINE),
    "one_chunk_a_byte": (OK + CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in JSON) + b"0\r\n\r\n", FINE),
    "no_last_chunk": (OK + CHUNKED + b"e\r\n" + JSON + b"\r\n", failed("connection_lost")),
    "cut_in_a_chunk": (OK + CHUNKED + b"ff\r\n" + JSON, failed("connection_lost")),
    "chunk_size_of_letters": (OK + CHUNKED + b"zz\r\n", failed("malformed_response")),
    "negative_chunk_size": (OK + CHUNKED + b"-1\r\n", failed("malformed_response")),
    "endless_chunk_size": (OK + CHUNKED + b"1" + b"0" * 30 + b"\r\n", failed("malformed_response")),
    "endless_chunk_extension": (OK + CHUNKED + b"1;" + b"x" * 100_000, failed("malformed_response")),
    "endless_trailer": (OK + CHUNKED + b"0\r\n" + b"X: 1\r\n" * 20_000, failed("malformed_response")),
    "short": (OK + LENGTH % 20 + JSON, failed("connection_lost")),
    "nothing": (b"", failed("connection_lost")),
    "half_a_header": (b"HTTP/1.1 200 OK\r\nConte", failed("connection_lost")),
    "two_lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nContent-Length: 15\r\n\r\n" + JSON, failed("malformed_response")),
    "length_of_letters": (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + JSON, failed("malformed_response")),
    "negative_length": (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + JSON, failed("malformed_response")),
    "something_else": (b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", failed("malformed_response")),
    "http_2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", failed("malformed_response")),
    "no_colon": (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", failed("malformed_response")),
    "long_header": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", failed("malformed_response")),
    "status_of_letters": (b"HTTP/1.1 two hundred\r\n\r\n", failed("malformed_response")),
    "gzip": (with_length(OK + b"Content-Encoding: gzip\r\n", gzip.compress(JSON)), FINE),
    "x_gzip": (with_length(OK + b"Content-Encoding: x-gzip\r\n", gzip.compress(JSON)), FINE),
    "gzip_in_chunks": (OK + b"Content-Encoding: GZIP\r\n" + CHUNKED + b"%x\r\n" % len(gzip.compress(JSON, mtime=0))
                       + gzip.compress(JSON, mtime=0) + b"\r\n0\r\n\r\n", FINE),
    "deflate": (with_length(OK + b"Content-Encoding: deflate\r\n", zlib.compress(JSON)), FINE),
    "bare_deflate": (with_length(OK + b"Content-Encoding: deflate\r\n", raw_deflate(JSON)), FINE),
    "identity": (with_length(OK + b"Content-Encoding: identity\r\n"), FINE),
    "broken_gzip": (with_length(OK + b"Content-Encoding: gzip\r\n", gzip.compress(JSON)[:-3]), failed("malformed_response")),
    "brotli": (with_length(OK + b"Content-Encoding: br\r\n", b"\x0b\x02\x80"), failed("malformed_response")),
    "throttled_in_brotli": ((with_length(b"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Encoding: br\r\n", b"\x0b"),
                            with_length(OK)), FINE),
    "refusal_in_brotli": (with_length(b"HTTP/1.1 404 No\r\nContent-Encoding: br\r\n", b"\x0b"), failed("http_error")),
    "byte_order_mark": (with_length(OK, BOM + JSON), FINE),
    "byte_order_mark_in_gzip": (with_length(OK + b"Content-Encoding: gzip\r\n", gzip.compress(BOM + JSON)), FINE),
    "no_json": (with_length(OK, b"<html>ok</html>"), EMPTY),
    "half_a_json": (with_length(OK, b'{"count":'), EMPTY),
    "a_list": (with_length(OK, b"[1,2]"), ("completed", [1, 2])),
    "null": (with_length(OK, b"null"), EMPTY),
    "invalid_utf_8": (with_length(OK, b'{"a":"\xff"}'), EMPTY),
    "refusal": (with_length(b"HTTP/1.1 422 Unprocessable Content\r\n"), failed("http_error")),
    "refusal_without_reason": (with_length(b"HTTP/1.1 404\r\n"), failed("http_error")),
    "redirect": (with_length(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n", b""), failed("http_error")),
    "server_error": (with_length(b"HTTP/1.1 500 Oops\r\n"), failed("http_error")),
    "job": (accepted(b"/jobs/1"), DONE),
    "job_relative": (accepted(b"jobs/1"), DONE),
    "job_above": (accepted(b"../jobs/1"), DONE),
    "job_with_a_fragment": (accepted(b"/jobs/1#status"), DONE),
    "job_with_a_query": (accepted(b"/jobs/1?full=yes"), DONE),
    "job_absolute": (accepted(b"{base}/jobs/1"), DONE),
    "job_in_another_case": (accepted(b"HTTP://{host}/jobs/1"), DONE),
    "job_without_a_scheme": (accepted(b"//{host}/jobs/1"), DONE),
    "job_elsewhere": (accepted(b"http://127.0.0.9:9/jobs/1"), failed("malformed_response")),
    "accepted_without_a_place": (with_length(b"HTTP/1.1 202 Accepted\r\n"), FINE),
    "throttled_until_a_date": ((b"HTTP/1.1 429 Slow\r\nRetry-After: {date}\r\n" + LENGTH % 0, with_length(OK)), FINE),
    "throttled_until_an_old_date": ((b"HTTP/1.1 429 Slow\r\nRetry-After: {old_date}\r\n" + LENGTH % 0, with_length(OK)), FINE),
    "throttled_until_a_date_of_c": ((b"HTTP/1.1 503 Slow\r\nRetry-After: {c_date}\r\n" + LENGTH % 0, with_length(OK)), FINE),
}


class RawService:
    """Answers POST /ROW with the row's bytes, the next ones with each call, and GETs of jobs as a job that is done."""

    def __init__(self):
        self.calls, self.requests = {}, []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.host = b"127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return "http://" + self.host.decode()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, client.makefile("rb") as stream:
            request = stream.readline().split()
            length = 0
            for line in iter(stream.readline, b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
                assert not line.lower().startswith(b"accept-encoding:") or b"identity" in line
            self.requests.append((request[1].decode(), stream.read(length).decode()))
            try:
                client.sendall(self._answer(request[1].decode()))
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has read enough

    def _answer(self, target):
        if "/jobs/1" in target:
            return with_length(OK, b'{"job":"done"}')
        if "/numbers/" in target:
            return with_length(OK, b'{"count":%s}' % target.rsplit("/", 1)[1].encode())
        row = target.split("?")[0].rsplit("/", 1)[1]
        answers = ANSWERS[row][0]
        if not isinstance(answers, tuple):
            answers = (answers,)
        number = self.calls[row] = self.calls.get(row, 0) + 1
        soon = time.gmtime(time.time() + 2)
        values = {b"{base}": self.url.encode(), b"{host}": self.host,
                  b"{date}": time.strftime("%a, %d %b %Y %H:%M:%S GMT", soon).encode(),
                  b"{old_date}": time.strftime("%A, %d-%b-%y %H:%M:%S GMT", soon).encode(),
                  b"{c_date}": time.strftime("%a %b %e %H:%M:%S %Y", soon).encode()}
        answer = answers[min(number, len(answers)) - 1]
        for name, value in values.items():
            answer = answer.replace(name, value)
        return answer


class Wire(PlatformTest):
    def test_every_answer_has_the_outcome_that_it_must_have(self):
        self.assertGreaterEqual(len(ANSWERS), 60)
        service = RawService()
        self.addCleanup(service.close)
        numbers = {row: number for number, row in enumerate(ANSWERS)}
        platform = self.platform(1, **{f"WIRE_{number}_SERVICE_URL": service.url for number in numbers.values()})
        found = {}
        rows = iter(ANSWERS)
        while some := list(itertools.islice(rows, 60)):
            name = self.workflow(platform.orchestrator, *({
                "name": row, "service": f"wire_{numbers[row]}", "path": f"/rows/{row}", "timeout_seconds": 20,
                "critical": False, "body": {"a": 1}} for row in some))
            id = platform.orchestrator.execute(name)
            platform.orchestrator.wait_for_end(id)
            run, = platform.orchestrator.list(f"/executions/{id}/tenants", "tenants")
            found.update({each["step_name"]: each for each in run["steps"]})
        wrong = {}
        for row, (_, expected) in ANSWERS.items():
            status, outcome = expected if isinstance(expected, tuple) else ("completed", expected)
            step = found[row]
            got = (step["status"], step.get("result") if status == "completed" else step.get("error_code"))
            if got != (status, outcome):
                wrong[row] = (got, (status, outcome), step.get("error_message"))
        self.assertEqual(wrong, {})
        # Each was called once: a throttled one again, when it had asked for that.
        for row, (answers, _) in ANSWERS.items():
            self.assertEqual(service.calls[row], len(answers) if isinstance(answers, tuple) else 1, row)

    def test_numbers_are_passed_on_as_they_were_written(self):
        service = RawService()
        self.addCleanup(service.close)
        platform = self.platform(1, WIRE_SERVICE_URL=service.url)
        numbers = ("12.5", "100.0", "1E5", "-0", "123456789012345678901234567890", "0.10000000000000000000001", "1e400", "0e400")
        for number in numbers:
            name = self.workflow(
                platform.orchestrator,
                {"name": "first", "service": "wire", "path": f"/numbers/{number}", "body": {"a": 1}},
                {"name": "second", "service": "wire", "path": "/rows/plain?count={{steps.first.result.count}}",
                 "depends_on": ["first"], "body": {"count": "{{steps.first.result.count}}", "ours": 100.0},
                 "message": "counted {{steps.first.result.count}}"})
            id = platform.orchestrator.execute(name)
            self.assertEqual(platform.orchestrator.wait_for_end(id)["status"], "completed")
            self.assertEqual(service.requests[-1], (f"/rows/plain?count={number}", f'{{"count":{number},"ours":100.0}}'))
            shown = platform.orchestrator.api("GET", f"/executions/{id}/tenants").body.decode()
            self.assertIn(f'"count":{number}', shown)
            printed = platform.orchestrator.cli("execution", "show", id, "--tenants", "--output", "json").stdout
            self.assertIn(number, printed)
            self.assertEqual(platform.orchestrator.cli("execution", "list").returncode, 0)
