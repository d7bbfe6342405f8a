// npm install nanoid@6.0.2 uuid@14.0.3 zod@4.6.7 date-fns@4.4.0 dayjs@1.11.23 lodash-es@4.18.1
// npm install jose@6.2.18 handlebars@4.7.10 marked@18.2.1 yaml@2.9.1 semver@7.8.6 qs@6.17.1
// npm install decimal.js@10.6.0 fast-xml-parser@5.12.1

import { addMonths, differenceInDays, format, parseISO } from "date-fns";
import { de } from "date-fns/locale/de";
import dayjs from "dayjs";
import utc from "dayjs/plugin/utc.js";
import Decimal from "decimal.js";
import { XMLBuilder, XMLParser } from "fast-xml-parser";
import Handlebars from "handlebars";
import { SignJWT, jwtVerify } from "jose";
import { chunk, cloneDeep, groupBy, merge, template } from "lodash-es";
import { marked } from "marked";
import { customAlphabet, nanoid } from "nanoid";
import qs from "qs";
import semver from "semver";
import { v4, v5, v7, validate, version } from "uuid";
import { parse, stringify } from "yaml";
import { z } from "zod";

dayjs.extend(utc);
const date = new Date(Date.UTC(2024, 0, 31, 12));
const User = z.object({ name: z.string().min(2), mail: z.email(), age: z.coerce.number().int() });
const list = Handlebars.compile("{{#each items}}<li>{{name}}{{#if @last}}!{{/if}}</li>{{/each}}");

async function token() {
  const key = new TextEncoder().encode("a secret of thirty-two bytes, ok");
  const signing = new SignJWT({ role: "cook" }).setProtectedHeader({ alg: "HS256" });
  const jwt = await signing.setSubject("ada").sign(key);
  const { payload } = await jwtVerify(jwt, key);
  const refused = await jwtVerify(`${jwt.slice(0, -2)}xx`, key).catch((error) => error.code);
  return [jwt, payload, refused];
}

export default {
  async all() {
    return {
      nanoid: [nanoid().length, /^[a-f]{5}$/.test(customAlphabet("abcdef", 5)())],
      uuid: [validate(v4()), version(v7()), v5("hello", v5.URL)],
      zod: [
        User.parse({ name: "Ada", mail: "a@b.co", age: "5" }),
        User.safeParse({ name: "A", mail: "x", age: 1.5 }).error.issues.map(({ message }) => message),
      ],
      "date-fns": [
        addMonths(date, 1).toISOString(),
        format(date, "EEEE, d. MMMM yyyy", { locale: de }),
        differenceInDays(date, parseISO("2024-01-01")),
      ],
      dayjs: dayjs.utc("2024-02-28").add(2, "day").format("dddd D MMM YYYY"),
      "lodash-es": [
        groupBy([1.2, 1.4, 2.1], Math.floor),
        chunk([1, 2, 3], 2),
        merge(cloneDeep({ a: { b: 1 } }), { a: { c: 2 } }),
        template("hi <%= name %>")({ name: "Ada" }),
      ],
      jose: await token(),
      handlebars: list({ items: [{ name: "<a>" }, { name: "b" }] }),
      marked: marked.parse("# Hi\n\n- a **b**\n- `c`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"),
      yaml: [parse("a: 1\nb: [x, {c: d}]\ne: &x 5\nf: *x\n"), stringify({ a: [1, { b: "c: d" }] })],
      semver: [semver.satisfies("1.2.3", "^1.2"), semver.inc("1.2.3", "minor")],
      qs: [qs.parse("a[b]=1&a[c][]=2&d=%C3%A4"), qs.stringify({ a: { b: [1, 2] }, c: "ä&" })],
      "decimal.js": [new Decimal(2).sqrt(), new Decimal("0.1").plus("0.2")].map(String),
      "fast-xml-parser": [
        new XMLParser({ ignoreAttributes: false }).parse('<a x="1"><b>2</b><b>t &amp; u</b></a>'),
        new XMLBuilder().build({ a: { b: [1, 2] } }),
      ],
    };
  },
};
