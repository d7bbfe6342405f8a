//! Converts amounts of money. Fetches the rates with an API key and caches them for a minute.

use std::collections::BTreeMap;
use std::time::Duration;

use hostel_sdk::{Context, Failure, OutgoingRequest, Result, services};
use serde::{Deserialize, Serialize};

const EXPIRY: Duration = Duration::from_secs(60);

services! {
    /// Converts an amount from one currency to another.
    convert,
}

#[derive(Deserialize)]
struct Conversion {
    amount: f64,
    from: String,
    to: String,
}

#[derive(Serialize)]
struct Converted {
    amount: f64,
    currency: String,
}

#[derive(Deserialize, Serialize)]
struct Rates {
    base: String,
    rates: BTreeMap<String, f64>,
}

fn convert(ctx: &Context, asked: Conversion) -> Result<Converted> {
    let rates = ctx.cache.get_or_set("rates", EXPIRY, || fetch(ctx))?;
    let rate = |currency: &str| match rates.rates.get(currency) {
        Some(rate) => Ok(*rate),
        None if currency == rates.base => Ok(1.0),
        None => Err(Failure::not_found(format!("the rate of {currency:?} is unknown"))),
    };
    let amount = asked.amount / rate(&asked.from)? * rate(&asked.to)?;
    Ok(Converted { amount: (amount * 100.0).round() / 100.0, currency: asked.to })
}

fn fetch(ctx: &Context) -> Result<Rates> {
    let key = ctx.config.require("api-key")?;
    let request = OutgoingRequest::new("GET", ctx.config.require("rates-url")?);
    ctx.http.send(&request.with_header("x-api-key", key))?.error_for_status()?.json()
}

#[cfg(test)]
mod tests {
    use hostel_sdk::{FailureKind, HttpResponse, fake::Fake};
    use serde_json::json;

    use super::*;

    #[test]
    fn rates_are_fetched_once_a_minute_with_the_key() {
        let fake = Fake::new();
        fake.set_config("api-key", "topsecret");
        fake.set_config("rates-url", "https://rates.example.com");
        let rates =
            HttpResponse::of_json(&json!({ "base": "EUR", "rates": { "USD": 1.25 } })).unwrap();
        fake.route("GET", "https://rates.example.com", rates);
        let convert = |from: &str, to: &str| {
            let asked = json!({ "amount": 100, "from": from, "to": to });
            let answer = fake.call(SERVICES, "convert", &asked)?;
            Ok::<_, Failure>(String::from_utf8(answer.body).unwrap())
        };
        assert_eq!(convert("EUR", "USD").unwrap(), r#"{"amount":125.0,"currency":"USD"}"#);
        assert_eq!(convert("USD", "EUR").unwrap(), r#"{"amount":80.0,"currency":"EUR"}"#);
        assert_eq!(convert("EUR", "XYZ").unwrap_err().kind, FailureKind::NotFound);
        assert_eq!(fake.requests()[0].headers, [("x-api-key".to_owned(), b"topsecret".to_vec())]);
        assert_eq!(fake.requests().len(), 1);
    }
}
