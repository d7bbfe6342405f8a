"""Runs the scenarios that all languages share, on the fake."""

import importlib.util
import json
import unittest
from pathlib import Path
from typing import Any

from hostel_sdk import Failure, HttpRequest, Request, Response, host
from hostel_sdk.fake import Fake

SDKS = Path(__file__).parents[2]
SCENARIOS = json.loads((SDKS / "conformance/scenarios.json").read_text())


def plugin() -> Any:
    """Returns the service of the conformance plugin."""
    file = SDKS / "python/conformance/conformance.py"
    spec = importlib.util.spec_from_file_location("conformance", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.conformance


class Conformance(unittest.TestCase):
    def test_every_scenario_passes_on_the_fake(self) -> None:
        service = plugin()
        self.assertGreater(len(SCENARIOS), 50)
        for scenario in SCENARIOS:
            with self.subTest(scenario["name"]):
                fake = Fake()
                for step in scenario["steps"]:
                    self.check(service, fake, step)

    def check(self, service: Any, fake: Fake, step: dict[str, Any]) -> None:
        """Runs one step on the fake and checks the result. The test itself runs ``advance`` and
        ``host-set``; the plugin runs all other steps."""
        if step["op"] == "advance":
            return fake.advance(step["seconds"])
        if step["op"] == "host-set":
            return host.set(step["key"], step["value"], None)
        expected = step.get("except", {}).get("python", step)
        fake.logs.clear()
        try:
            response = fake.call(service, sent(step))
            if "response" in expected:
                self.check_logs(fake, step, expected)
                return self.check_response(response, expected["response"])
            result = response.value()
        except Failure as failure:
            result = {"failure": [failure.kind, failure.message]}
        if step.get("may_skip") and result == {"skip": True}:
            return None
        if step.get("distinct"):
            # The random numbers must differ between instances, but a fake has no instances.
            return self.assertIn("ok", result)
        shown = result.pop("message", "")
        self.assertIn(expected.get("message", ""), shown)
        wanted = next((name for name in ("failure", "error") if name in expected), "ok")
        self.assertEqual(result, {wanted: expected.get(wanted)}, step)
        self.check_logs(fake, step, expected)
        return None

    def check_logs(self, fake: Fake, step: dict[str, Any], expected: dict[str, Any]) -> None:
        logged = [": ".join(expected["logged"])] if "logged" in expected else []
        if expected.get("warned"):
            self.assertEqual([line[:6] for line in fake.logs], ["warn: "], step)
        else:
            self.assertEqual(fake.logs, logged, step)

    def check_response(self, response: Response, expected: dict[str, Any]) -> None:
        """Compares the members that the scenario lists."""
        headers = [[name, value.decode()] for name, value in response.headers]
        made = {
            "status": response.status,
            "headers": headers,
            "content-type": response.content_type,
            "body": response.body.decode(),
        }
        wanted = dict(expected)
        if isinstance(wanted.get("body"), dict):
            body = response.value()
            self.assertEqual({name: body.get(name) for name in wanted["body"]}, wanted.pop("body"))
        self.assertEqual({name: made[name] for name in wanted}, wanted)


def sent(step: dict[str, Any]) -> object:
    """Returns the payload or the HTTP request of a step. If the step has `bytes`, the payload is a
    `set` step with a value of that size."""
    if "bytes" in step:
        return {**step, "op": "set", "value": "x" * (step["bytes"] - 2)}
    if "http" not in step:
        return step
    http = step["http"]
    given = {name: step[name] for name in ("op", "key", "value", "what", "args") if name in step}
    headers = [*http.get("headers", []), ["x-step", json.dumps(given)]]
    made = HttpRequest(
        http.get("method", "GET"),
        http.get("path", "/"),
        [(name, value) for name, value in http.get("path_params", [])],
        http.get("query", ""),
        headers=[(name, value.encode()) for name, value in headers],
    )
    body = http.get("body", "").encode()
    return Request(content_type=http.get("content_type"), body=body, http=made)
