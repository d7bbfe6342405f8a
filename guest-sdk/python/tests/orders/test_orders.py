import sys
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).with_name(".hostel") / "guest-sdk/python"))

import orders
from hostel_sdk.fake import Fake


class OrdersTest(unittest.TestCase):
    def test_a_placed_order_is_found_where_the_response_points(self) -> None:
        fake = Fake()
        fake.serve("POST /orders", orders.place)
        fake.serve("GET /orders/{id}", orders.find)

        placed = fake.http("POST", "/orders", json={"item": "tea", "count": 2})
        self.assertEqual(placed.status, 201)
        found = fake.http("GET", placed.header("Location") or "")
        self.assertEqual(found.value(), {"id": 1, "item": "tea", "count": 2})

        none = fake.http("GET", "/orders/9")
        self.assertEqual((none.status, none.value()["detail"]), (404, "no order 9"))


class PageTest(unittest.TestCase):
    def test_services_respond_as_the_page_shows(self) -> None:
        fake = Fake()
        fake.set_config("total-token", "let-me-in-please")
        fake.serve("GET /orders", orders.search)
        fake.serve("POST /orders", orders.place)
        fake.serve("POST /language", orders.set_language)
        fake.serve("GET /language", orders.language)
        fake.serve("GET /orders/total", orders.total)

        target = "/orders?status=sent&page=2"
        page = fake.http("GET", target, headers={"Accept-Language": "de"})
        self.assertEqual(page.value(), {"status": "sent", "page": 2, "language": "de"})
        expected = {"status": "open", "page": 1, "language": "en"}
        self.assertEqual(fake.http("GET", "/orders").value(), expected)

        none = fake.http("POST", "/orders", json={"item": "tea", "count": 0})
        self.assertEqual(none.status, 400)

        made = fake.http("POST", "/language", form={"language": "de"})
        cookie = "language=de; Max-Age=31536000; Path=/; Secure; HttpOnly; SameSite=Lax"
        self.assertEqual((made.status, made.header("Location")), (303, "/language"))
        self.assertEqual(made.header_values("Set-Cookie"), [cookie])
        self.assertEqual(fake.http("POST", "/language", form={"language": "fr"}).status, 400)
        self.assertEqual(fake.http("GET", "/language").value(), "en")
        known = fake.http("GET", "/language", headers={"Cookie": "language=de"})
        self.assertEqual(known.value(), "de")

        token = {"Authorization": "Bearer let-me-in-please"}
        self.assertEqual(fake.http("GET", "/orders/total", headers=token).value(), 0)
        again = fake.http("GET", "/orders/total", headers=token)
        self.assertEqual((again.status, again.header("Retry-After")), (429, "60"))
        fake.advance(60)
        unknown = fake.http("GET", "/orders/total")
        self.assertEqual((unknown.status, unknown.header("WWW-Authenticate")), (401, "Bearer"))
