// The source of the rates: another plugin of this example. It requires an API key.

import { Failure, config } from "hostel-sdk";

const RATES = { USD: 1.0842, GBP: 0.8531, JPY: 161.94, CHF: 0.9377 };

export default { latest };

function latest(request) {
  if (request.header("x-api-key") !== config.require("api-key")) {
    throw Failure.unauthorized("the header x-api-key must have the API key");
  }
  return { base: "EUR", rates: RATES };
}
