// The source of the rates: another plugin of this example, which asks for a key as others do.

import { Failure, config } from "hostel-sdk";

const RATES = { USD: 1.0842, GBP: 0.8531, JPY: 161.94, CHF: 0.9377 };

export default { latest };

function latest(request) {
  if (request.header("x-api-key") !== config.require("api-key")) {
    throw Failure.unauthorized("the header x-api-key has another key, or none");
  }
  return { base: "EUR", rates: RATES };
}
