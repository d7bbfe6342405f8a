"""Tests of settings and secrets, on the fake."""

import unittest

from hostel_sdk import Failure, config, host, service
from hostel_sdk.fake import Fake


@service
def key() -> str:
    return config["api-key"]


class ConfigTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()

    def test_a_setting_is_read_by_its_name(self) -> None:
        self.fake.set_config("b", "2")
        self.fake.set_config("a", "1")
        self.assertEqual((config.get("a"), config["b"], config.require("b")), ("1", "2", "2"))
        self.assertEqual((config.get("c"), config.get("c", "d")), (None, "d"))
        self.assertEqual(config.get("a", "d"), "1")
        self.assertEqual(config.names(), ["a", "b"])
        self.assertEqual(("a" in config, "c" in config, 5 in config), (True, False, False))
        Fake()
        self.assertEqual(config.names(), [])

    def test_a_name_that_no_setting_has_does_not_reach_the_host(self) -> None:
        host.config_get = lambda name: name
        self.assertEqual((config.get("a"), config.get("ä\ud800", 1)), ("a", 1))

    def test_a_missing_setting_is_an_error_with_the_fix(self) -> None:
        message = 'no setting "api-key": write it in [plugins.NAME.config], or as a secret in '
        message += "[plugins.NAME.secrets]"
        with self.assertRaises(KeyError) as raised:
            config.require("api-key")
        self.assertEqual(str(raised.exception), message)
        with self.assertRaises(Failure) as failed:
            self.fake.call(key)
        self.assertEqual((failed.exception.kind, failed.exception.message), ("internal", message))
        self.assertEqual(self.fake.logs, [])

    def test_an_invalid_name_and_an_unknown_method_are_refused(self) -> None:
        for call in (config.get, config.require, config.__getitem__):
            with self.assertRaisesRegex(TypeError, "a setting's name of 5: it must be a str"):
                call(5)  # type: ignore[call-overload]
        with self.assertRaisesRegex(AttributeError, "config.set is not offered; config has: get"):
            config.set("a", "1")  # type: ignore[attr-defined]


if __name__ == "__main__":
    unittest.main()
