import sys
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).with_name(".hostel") / "guest-sdk/python"))

from hostel_sdk.fake import Fake
from my_service import greet


class GreetTest(unittest.TestCase):
    def test_greetings_are_counted_for_an_hour(self) -> None:
        fake = Fake()
        ada = {"name": "Ada"}

        self.assertEqual(fake.call(greet, ada).value(), "Hello, Ada! (1)")
        self.assertEqual(fake.call(greet, ada).value(), "Hello, Ada! (2)")
        fake.advance(3600)
        self.assertEqual(fake.call(greet, ada).value(), "Hello, Ada! (1)")
        self.assertEqual(fake.logs[0], "info: greetings of Ada: 1")

    def test_a_request_without_a_name_greets_the_world(self) -> None:
        self.assertEqual(Fake().call(greet).value(), "Hello, world! (1)")
